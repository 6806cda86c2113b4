"""A second reader's objections count only where it disagrees with the first one."""

from __future__ import annotations

import pytest

from schemas.readings import ReadingField
from services.matcher.judgment.second_reading import objection_of
from tests.unit.services.matcher.test_judge import a_review


@pytest.mark.parametrize(
    ("disputes", "fields", "objection"),
    [
        ((), {}, "none"),
        ((), {"role": "mention", "genre": "promo", "weight": "none"}, "none"),
        (("role",), {"role": "homonym", "genre": "promo"}, "homonym"),
        (("role",), {"role": "actor"}, "none"),
        (("role", "genre"), {"role": "actor", "genre": "list"}, "not_news"),
        (("genre",), {"genre": "news"}, "none"),
        (("weight",), {"weight": "none"}, "too_small"),
        (("weight",), {"weight": "major"}, "none"),
        (("kind", "status", "direction"), {"kind": "none", "status": "rumor", "direction": "good"}, "none"),
    ],
)
def test_the_gravest_objection_counts(
    disputes: tuple[ReadingField, ...], fields: dict[str, str], objection: str
) -> None:
    assert objection_of(a_review("itm", *disputes, **fields)) == objection
