"""The index follows all changes of the book, and packing a watch loses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Client, Near, Query, TopicScope, Watch, WatchKind
from services.matcher.mentions import book_index
from services.matcher.mentions.book_index import BookIndex


def watch(kind: WatchKind = "holding", entity: str = "halden") -> Watch:
    return Watch(entity_id=entity, name=entity.title(), kind=kind)


def client(client_id: str, *watches: Watch) -> Client:
    return Client(
        id=client_id,
        name=client_id,
        manager_id="m",
        trade="wealth",
        assets=tuple(watch for watch in watches if watch.is_asset),
        interests=tuple(watch for watch in watches if not watch.is_asset),
    )


def test_the_index_follows_changes_and_removals() -> None:
    index = BookIndex()
    index.put_client(client("b", watch()))
    index.put_client(client("a", watch(), watch(entity="meridia")))
    assert [client_watch.client_id for client_watch in index.client_watches("halden")] == ["a", "b"]
    index.put_client(client("a", watch(entity="meridia")))
    assert [client_watch.client_id for client_watch in index.client_watches("halden")] == ["b"]
    index.remove_client("b")
    index.remove_client("nobody")
    assert index.client_watches("halden") == ()
    assert list(index.entities()) == ["meridia"]


def test_a_client_who_holds_and_follows_an_entity_counts_as_holding_it() -> None:
    index = BookIndex()
    index.put_client(client("a", watch("topic"), watch("holding")))
    assert [client_watch.watch.kind for client_watch in index.client_watches("halden")] == ["holding"]


@pytest.mark.parametrize("many", [1, 16])
def test_the_index_depends_only_on_the_last_changes(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_index, "_MANY_CLIENTS", many)
    _check_changes()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.sampled_from(["x", "y", "z"]), max_size=3)), max_size=12))
def _check_changes(changes: list[tuple[str, list[str]]]) -> None:
    index, last = BookIndex(), dict[str, set[str]]()
    for client_id, entities in changes:
        index.put_client(client(client_id, *(watch(entity=entity) for entity in entities)))
        last[client_id] = set(entities)
    for entity in "xyz":
        expected = sorted(client_id for client_id, entities in last.items() if entity in entities)
        assert [client_watch.client_id for client_watch in index.client_watches(entity)] == expected
        assert index.name_of(entity) == (entity.upper() if expected else None)
    assert sorted(index.entities()) == sorted(set().union(*last.values()))


def test_a_change_returns_only_the_entities_that_differ() -> None:
    index = BookIndex()
    assert index.put_client(client("a", watch(), watch(entity="meridia"))) == {"halden", "meridia"}
    assert index.put_client(client("a", watch(), watch(entity="meridia"))) == frozenset()
    assert index.put_client(client("a", watch("topic"), watch(entity="meridia"))) == {"halden"}
    assert index.put_client(client("a", watch("topic"))) == {"meridia"}
    assert index.remove_client("a") == {"halden"}


def test_a_watch_comes_with_the_last_trade_of_its_client() -> None:
    index = BookIndex()
    index.put_client(client("a", watch()))
    assert index.client_watches("halden")[0].trade == "wealth"
    assert index.put_client(client("a", watch()).model_copy(update={"trade": "legal"})) == {"halden"}
    assert index.client_watches("halden")[0].trade == "legal"


def test_packing_loses_nothing() -> None:
    full = Watch(
        entity_id="e",
        name="Ørvane",
        kind="holding",
        aliases=("Orvane", "ORV"),
        tickers=("ORV",),
        isin="X",
        cik="7",
        context=("shares",),
        exclude=("football",),
        topic="ransomware",
        query=Query(any_of=("a | b",), near=(Near(words=("c", "d"), within=3),)),
        weight=0.07,
        note="bought by her father",
        scope=TopicScope(industries=("food",), regions=("Germany", "Austria"), parties=("Marlow Mills",)),
    )
    index = BookIndex()
    index.put_client(client("a", full))
    assert index.watches_of("e") == (full,)
    assert index.client_watch("e", "a") == index.client_watches("e")[0]
    assert full.model_fields_set == set(Watch.model_fields), "add the new field of Watch here"
