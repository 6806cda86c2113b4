"""An insolvency of somebody else is not that of the company in the news."""

from __future__ import annotations

import pytest

from schemas.items import Item
from schemas.mentions import Mention, Span
from services.matcher.reading.others_insolvency import is_anothers_insolvency


def is_anothers(title: str, summary: str | None = None, name: str = "Halden") -> bool:
    start = title.find(name)
    span = Span(field="title", start=start, end=start + len(name), text=name)
    mention = Mention(item_id="itm", entity_id="halden", spans=(span,), salience=0.8, why="")
    return is_anothers_insolvency(Item(id="itm", title=title, summary=summary), mention)


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("Halden loses 60 million on loans to a builder that went bankrupt", None),
        (
            "Halden loses 60 million on a builder",
            "Halden has lost 60 million on loans to a builder that went bankrupt.",
        ),
        ("Halden loses its largest customer, which has filed for insolvency", None),
        ("Halden writes off loans to bankrupt builder", None),
        ("Halden buys bakeries of insolvent rival Brodby", None),
        ("Halden loses 90 million crowns as customer Brodby files for insolvency", None),
    ],
)
def test_the_insolvency_of_somebody_else_is_recognized(title: str, summary: str | None) -> None:
    assert is_anothers(title, summary)


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("Halden is bankrupt", None),
        ("Halden files for insolvency after its largest customer went bankrupt", None),
        ("Halden, a baker that went bankrupt in May, sells its plant", None),
        ("Court sells bakeries of bankrupt Halden", None),
        ("Buyer found for insolvent bakery group Halden", None),
        ("Halden loses 60 million on its unit that went bankrupt", None),
        ("Halden closes its plants", "Halden has filed for insolvency and will close its plants."),
        ("Halden opens a plant", "Halden has opened a plant."),
        ("Halden opens a plant", None),
    ],
)
def test_the_own_insolvency_stays_the_own(title: str, summary: str | None) -> None:
    assert not is_anothers(title, summary)
