"""The conditions under which an item is within the scope of a topic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import TopicScope
from schemas.items import Item, Source
from services.matcher.mentions.scopes import ScopeText
from services.matcher.text.preparation import LEAD_CHARACTERS

CLINICS = TopicScope(industries=("healthcare",), regions=("Germany", "Nordmark"), parties=("Estmere Group | Estmere",))


def item(title: str, summary: str | None = None, body: str | None = None) -> Item:
    return Item(id="itm", title=title, summary=summary, body=body, source=Source(publisher="Estmere Daily"))


def within(
    scope: TopicScope, title: str, summary: str | None = None, body: str | None = None
) -> tuple[str, ...] | None:
    match = ScopeText(item(title, summary, body)).within(scope)
    return None if match is None else match.entries


@pytest.mark.parametrize(
    ("title", "summary", "matched"),
    [
        ("Ransomware shuts hospital in Berlin", None, ("healthcare", "Germany")),
        ("Ransomware shuts hospital", "The clinic in Munich sent patients away.", ("healthcare", "Germany")),
        ("Ransomware shuts hospital in Nordmark Valley", None, ("healthcare", "Nordmark")),
        ("Ransomware shuts hospital in Oslo", None, None),
        ("Ransomware shuts bakery in Berlin", None, None),
        ("Ransomware shuts Estmere Group", None, ("Estmere Group | Estmere",)),
        ("Ransomware shuts Estmere’s warehouses", None, ("Estmere Group | Estmere",)),
        ("Ransomware shuts warehouses, reports Estmere Daily", None, None),
    ],
)
def test_a_party_or_one_entry_of_each_limit_is_enough(
    title: str, summary: str | None, matched: tuple[str, ...] | None
) -> None:
    assert within(CLINICS, title, summary) == matched


def test_only_what_is_given_limits() -> None:
    assert within(TopicScope(), "Ransomware shuts bakery") == ()
    assert within(TopicScope(regions=("Norway",)), "Ransomware shuts bakery in Oslo") == ("Norway",)
    assert within(TopicScope(parties=("SAP",)), "Ransomware shuts bakery in Oslo") is None
    assert within(TopicScope(industries=("food", "oat mills")), "Ransomware shuts oat mills") == ("oat mills",)
    assert within(TopicScope(industries=("food", "oat mills")), "Ransomware shuts cotton mills") is None
    assert within(TopicScope(industries=("pharma",)), "Agency approves prescription nasal spray") == ("pharma",)


def test_only_the_title_and_the_lead_count() -> None:
    far = f"{'Ransomware spreads quickly. ' * (LEAD_CHARACTERS // 20)}Berlin was hit as well."
    scope = TopicScope(regions=("Germany",))
    assert within(scope, "Ransomware spreads", far) is None
    assert within(scope, "Ransomware spreads", "Systems stood still. Berlin was hit.") == ("Germany",)
    assert within(scope, "Ransomware spreads", None, "Systems stood still. Berlin was hit.") == ("Germany",)


def test_the_quotes_of_a_storys_other_items_count() -> None:
    quotes = ("Ransomware shuts hospital", "The hospital is in Munich.")
    match = ScopeText(item("Estmere pays ransom"), quotes).within(TopicScope(regions=("Germany",)))
    assert match == (("Germany",), False)
    assert ScopeText(item("Ransom paid in Munich"), quotes[:1]).within(CLINICS) == (("healthcare", "Germany"), True)
    assert ScopeText(item("Ransom paid by Estmere")).within(CLINICS) == (("Estmere Group | Estmere",), True)


ENTRIES = st.lists(
    st.sampled_from(["Germany", "Norway", "healthcare", "food", "Estmere Group", "Nordmark"]), max_size=3
)
TITLES = st.lists(
    st.sampled_from(["Berlin", "Oslo", "hospital", "bakery", "Estmere Group", "Nordmark", "Tokyo"]), max_size=4
).map(lambda words: f"Ransomware in {', '.join(words)}")


@given(ENTRIES, ENTRIES, ENTRIES, st.sampled_from(["Germany", "food", "Estmere Group"]), TITLES)
def test_a_further_entry_never_narrows_a_scope(
    industries: list[str], regions: list[str], parties: list[str], more: str, title: str
) -> None:
    scope = TopicScope(industries=tuple(industries), regions=tuple(regions), parties=tuple(parties))
    if within(scope, title) is None:
        return
    for part in ("industries", "regions", "parties"):
        entries = getattr(scope, part)
        if entries:
            assert within(scope.model_copy(update={part: (*entries, more)}), title) is not None
