"""A doubtful name counts only for an event that is worth telling and that it takes part in."""

from __future__ import annotations

import pytest

from schemas.readings import Role
from services.matcher.reading.doubtful_names import is_meant
from tests.unit.services.matcher.readings import reading


@pytest.mark.parametrize(
    ("role", "score", "sure", "meant"),
    [
        ("actor", 0.9, 0.9, True),
        ("object", 0.65, 0.6, True),
        ("party", 0.9, 0.9, True),
        ("actor", 0.6, 0.9, False),
        ("actor", 0.9, 0.4, False),
        ("homonym", 0.9, 0.9, False),
        ("mention", 0.9, 0.9, False),
        ("speaker", 0.9, 0.9, False),
    ],
)
def test_it_must_take_part_in_an_event_that_is_worth_telling(
    role: Role, score: float, sure: float, *, meant: bool
) -> None:
    assert is_meant(reading(role=role, tell_score=score, sure=sure), 0.65) is meant
