"""Two reports of one event say the same only if neither has a figure, an extent or more than a word for itself."""

from __future__ import annotations

import pytest

from services.matcher.stories.same_claim import Wording, say_the_same, says_no_more


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Halden cuts 40 jobs", "Halden to cut 40 jobs", True),
        ("Halden cuts 40 jobs in Osterby", "Halden cuts 40 jobs", True),
        ("Halden cuts 40 jobs", "Halden cuts 4000 jobs", False),
        ("Halden closes branches", "Halden closes all branches", False),
        ("Explosion at Halden plant kills nine", "Explosion at Halden plant breaks windows", False),
        ("Court acquits Halden of bribery", "Court convicts Halden of bribery", False),
        ("Halden closes", "Halden closes small unit in Malta", False),
        ("Halden closes plant", "Halden closes plant temporarily", False),
        ("Halden closes plant in June", "Halden closes plant for two weeks in June", False),
        ("Halden recalls vans", "Halden recalls some of its vans", False),
        ("Halden closes Storvik plant", "Halden closes canteen at its Storvik plant", False),
        ("Storvik plant closes", "Storvik plant canteen closes", False),
        ("Fire at Storvik plant", "Fire at neighbor of Storvik plant", False),
        ("Halden cuts 40 jobs", "Halden cuts 40 jobs with the closure of 3 shops", False),
        ("Halden closes shops and cuts 40 jobs", "Halden closes shops with the loss of 40 jobs", False),
        ("Halden closes shops, 40 jobs go", "Halden closes shops, 40 jobs go after strike", True),
        ("Halden crews vote for strike", "Halden crews to vote on strike", False),
        ("Court convicts manager of Halden", "Court to hear case of Halden manager", False),
    ],
)
def test_reports_say_the_same(one: str, other: str, same: bool) -> None:
    left, right = (Wording(title, title, ("Halden",)) for title in (one, other))
    assert say_the_same(left, right) is same
    assert say_the_same(right, left) is same


def test_who_adds_a_verb_says_more_than_the_other() -> None:
    less, more = (Wording(title, title) for title in ("Plane leaves runway", "Plane leaves runway and burns out"))
    assert says_no_more(less, more)
    assert not says_no_more(more, less)
