from __future__ import annotations

import pytest

from services.matcher.reading.participants import MAX_PARTICIPANTS, find_participants


@pytest.mark.parametrize(
    ("title", "lead", "expected"),
    [
        ("Quillon Systems to buy Halden for $7.8bn", "", ("Quillon Systems",)),
        ("Halden wins order", "The order comes from Osprey Freight, said Ann Lind.", ("Osprey Freight", "Ann Lind")),
        ("Halden Wins Large Order From Osprey Freight", "", ()),  # in title case, capitals show nothing
        ("Profit rises at Halden", "", ()),
        ("Halden wins order", "In July and on Monday, Orvane paid.", ("Orvane",)),
        ("", "", ()),
    ],
)
def test_other_names_are_found_by_their_capitals(title: str, lead: str, expected: tuple[str, ...]) -> None:
    assert find_participants(title, lead, "Halden Energy", "Halden") == expected


def test_a_long_list_is_cut() -> None:
    names = ", ".join(f"{start}orvane" for start in "BCDFGKLMNP")
    lead = f"The group that was set up in the spring by the makers of pumps and valves now has these members: {names}."
    assert len(find_participants("Halden joins a group", lead, "Halden", "Halden")) == MAX_PARTICIPANTS
