"""A change of the book applies to the next item, whatever came before; and the best sentence is quoted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, ClientRemoved, Firm, Manager, Watch
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import ItemAnnotated
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from tests.unit.services.matcher.readings import FixedReader, reading

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
NAMES = ("Halden Energy", "Halden", "Energy", "Orvane")
ITEM = Item(
    id="itm", title="Halden Energy buys Orvane", summary="Halden pays cash. Energy prices rise.", fetched_at=NOW
)


def changed(client_id: str, names: tuple[str, ...]) -> AnyEvent:
    watches = tuple(Watch(entity_id=name.lower(), name=name, kind="holding") for name in names)
    client = Client(id=client_id, name=client_id, manager_id="m", trade="wealth", assets=watches)
    data = ClientChanged(client=client, firm=Firm(name="f"), manager=Manager(id="m", name="m"))
    return event(data, key=client_id, id=content_id("evt", client_id), source="test", time=NOW)


def removed(client_id: str) -> AnyEvent:
    data = ClientRemoved(client_id=client_id)
    return event(data, key=client_id, id=content_id("evt", client_id, "x"), source="test", time=NOW)


def annotated(annotate: Annotate) -> list[str]:
    item = event(ItemIngested(item=ITEM), key="itm", id="evt_itm", source="test", time=NOW)
    return [event.data.model_dump_json() for event in annotate.process(None, item, NOW)[1]]


changes = st.lists(
    st.one_of(
        st.builds(changed, st.sampled_from("abc"), st.lists(st.sampled_from(NAMES), max_size=3).map(tuple)),
        st.builds(removed, st.sampled_from("abc")),
    ),
    max_size=8,
)


@pytest.mark.slow
@settings(deadline=None)
@given(changes)
def test_items_between_changes_make_no_difference(events: list[AnyEvent]) -> None:
    at_once, step_by_step = Annotate(), Annotate()
    for change in events:
        at_once.update_reference(change)
        step_by_step.update_reference(change)
        annotated(step_by_step)
    assert annotated(at_once) == annotated(step_by_step)


def test_a_change_applies_to_the_next_item() -> None:
    annotate = Annotate()
    assert annotated(annotate) == []
    annotate.update_reference(changed("a", ("Orvane",)))
    assert len(annotated(annotate)) == 1
    annotate.update_reference(changed("b", ("Orvane", "Halden Energy")))
    assert len(annotated(annotate)) == 2
    annotate.update_reference(removed("b"))
    assert len(annotated(annotate)) == 1
    annotate.update_reference(changed("a", ()))
    assert annotated(annotate) == []


@pytest.mark.parametrize(
    ("title", "summary", "quote"),
    [
        ("Why Orvane stock is falling today", "Orvane cut its dividend by half.", "Orvane cut its dividend by half."),
        ("Orvane: what to know", "Its plant at Easton has burned down.", "Its plant at Easton has burned down."),
        ("Orvane cuts its dividend - Selva Post", "Orvane said on Monday that it would…", "Orvane cuts its dividend"),
        ("Orvane cuts its dividend by ...", "Orvane halved its dividend.", "Orvane halved its dividend."),
        ("Orvane cuts its dividend", "Orvane. It is a maker of valves and", "Orvane cuts its dividend"),
        ("LIVE: Orvane halves its dividend", "Sign up for our Orvane newsletter.", "Orvane halves its dividend"),
        ("Is Orvane a buy?", "Its plant at Easton burned down.\nBy Ada Berg", "Its plant at Easton burned down."),
        ("Is Orvane a buy?", "Find out why it is one.", "Is Orvane a buy?"),
    ],
)
def test_a_sentence_that_says_something_is_quoted(title: str, summary: str, quote: str) -> None:
    annotate = Annotate()
    annotate.update_reference(changed("a", ("Orvane",)))
    item = Item(id="itm", title=title, summary=summary, fetched_at=NOW, source=Source(publisher="Selva Post"))
    ingested = event(ItemIngested(item=item), key="itm", id="evt_itm", source="test", time=NOW)
    (annotation,) = annotate.process(None, ingested, NOW)[1]
    assert isinstance(annotation.data, ItemAnnotated)
    assert annotation.data.quote == quote
    assert annotation.data.item == item
    for span in annotation.data.mention.spans:
        assert getattr(item, span.field)[span.start : span.end] == span.text


def annotation(item: Item, name: str) -> ItemAnnotated:
    annotate = Annotate()
    annotate.update_reference(changed("a", (name,)))
    came = event(ItemIngested(item=item), key="itm", id="evt", source="test", time=NOW)
    (annotated,) = annotate.process(None, came, NOW)[1]
    assert isinstance(annotated.data, ItemAnnotated)
    return annotated.data


@pytest.mark.parametrize(
    ("name", "title", "basis"),
    [
        ("Eli Moen", "Eli Moen says trial of its drug has failed", "company"),
        ("Goldman Sachs", "Goldman Sachs says it will close its Oslo desk", "company"),
        ("Orvane", "Orvane to miss its target, Goldman Sachs says", "researcher"),
        ("Orvane", "Orvane to miss its target, Ann Lee says", "person"),
    ],
)
def test_a_watched_name_that_speaks_is_a_company(name: str, title: str, basis: str) -> None:
    assert annotation(Item(id="itm", title=title, fetched_at=NOW), name).claim.basis == basis


@pytest.mark.parametrize(
    ("title", "summary", "primary"),
    [
        ("Norvik to buy Orvane for 2bn crowns", "Norvik said it would buy Orvane for 2 billion crowns.", True),
        ("Orvane to be bought for 2bn crowns", "Orvane will be bought for 2 billion crowns, Tolmark said.", False),
        ("Orvane to be bought for 2bn crowns, Tolmark says", None, False),
    ],
)
def test_only_a_party_to_a_deal_confirms_it(title: str, summary: str | None, primary: bool) -> None:
    source = Source(feed_url="https://www.reuters.com/feed", host="reuters.com", publisher="Reuters")
    item = Item(id="itm", title=title, summary=summary, fetched_at=NOW, source=source)
    assert annotation(item, "Orvane").origin.primary is primary


@pytest.mark.parametrize(("score", "found"), [(0.9, 1), (0.3, 0)])
def test_a_doubtful_name_counts_if_what_is_read_of_it_is_worth_telling(score: float, found: int) -> None:
    annotate = Annotate(reader=FixedReader(reading(role="actor", tell_score=score)))
    annotate.update_reference(changed("a", ("Gap",)))
    item = Item(id="itm", title="Gap Slashes Jobs in Latest Round of Cuts", fetched_at=NOW)
    came = event(ItemIngested(item=item), key="itm", id="evt", source="test", time=NOW)
    assert len(annotate.process(None, came, NOW)[1]) == found
