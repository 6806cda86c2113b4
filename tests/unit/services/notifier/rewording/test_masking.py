from __future__ import annotations

import pytest

from services.notifier.rewording.masking import Masks


@pytest.mark.parametrize(
    "told",
    [
        "Your long-term aim is to live from your portfolio until 2040. What Halden pays out is part of that.",
        "You told me in March 2025 that you want to retire in 2029. What Halden pays out counts toward that.",
        "You once told me that you hope to open a bar. What Halden does belongs in that plan.",
    ],
)
def test_a_clients_aim_does_not_leave_the_installation(told: str) -> None:
    masks = Masks.of(["Halden"], ["income"])
    masked = masks.mask(f"You hold Halden. {told}")
    for theirs in ("portfolio", "retire", "bar", "2029", "2040", "Halden"):
        assert theirs not in masked
    assert masks.unmask(masked) == f"You hold Halden. {told}"
