"""A person whom a client follows is told from a field."""

from __future__ import annotations

import pytest

from services.notifier.drafting.people import is_person


@pytest.mark.parametrize("name", ["Ann Smith", "Elon Musk", "Robert F. Kennedy Jr", "Mark Zuckerberg"])
def test_a_name_with_a_given_name_is_a_persons(name: str) -> None:
    assert is_person(name)


@pytest.mark.parametrize(
    "name", ["Inflation", "Prime Day", "Bud Light", "Bank of England", "Interest rates", "Elon", "mark sheet"]
)
def test_other_subjects_are_no_people(name: str) -> None:
    assert not is_person(name)
