from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.common.errors import BadInput
from services.notifier.triage.snooze import SNOOZES, snooze_until

NOW = datetime(2026, 3, 5, 8, 20, tzinfo=UTC)  # a Thursday
STOCKHOLM = ZoneInfo("Europe/Stockholm")
FAR = NOW + timedelta(days=10)


@pytest.mark.parametrize(
    ("choice", "until"),
    [
        ("hour", datetime(2026, 3, 5, 9, 20, tzinfo=UTC)),
        ("hours", datetime(2026, 3, 5, 11, 20, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 3, 6, 8, 0, tzinfo=UTC)),
        ("monday", datetime(2026, 3, 9, 8, 0, tzinfo=UTC)),
        ("deadline", FAR - timedelta(hours=2)),
        ("2026-03-05T14:30", datetime(2026, 3, 5, 13, 30, tzinfo=UTC)),
    ],
)
def test_a_choice_is_a_moment_in_the_viewers_zone(choice: str, until: datetime) -> None:
    assert snooze_until(choice, NOW, STOCKHOLM, FAR) == until


def test_nothing_is_put_aside_beyond_its_deadline_or_into_the_past() -> None:
    soon = NOW + timedelta(minutes=50)
    for choice in SNOOZES:
        with pytest.raises(BadInput, match=r"deadline comes first|is past"):
            snooze_until(choice, NOW, STOCKHOLM, soon)
    with pytest.raises(BadInput, match="is past"):
        snooze_until("2026-03-05T09:00", NOW, STOCKHOLM, FAR)
    for choice in ("", "someday"):
        with pytest.raises(BadInput, match="not clear"):
            snooze_until(choice, NOW, STOCKHOLM, FAR)
