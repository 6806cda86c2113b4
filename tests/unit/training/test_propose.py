from __future__ import annotations

from schemas.clients import Book, Client, Firm, Manager, Watch
from schemas.items import Item
from tests.unit.services.matcher.readings import FixedReader, reading
from training.propose import COLUMNS, propose


def book() -> Book:
    halden = Watch(entity_id="halden", name="Halden Energy", kind="supplier", aliases=("Halden",))
    client = Client(id="c", name="A private name", manager_id="m", trade="it", assets=(halden,))
    return Book(firm=Firm(name="F"), managers=(Manager(id="m", name="M"),), clients=(client,))


def test_each_name_in_an_item_is_proposed_with_nothing_of_the_client() -> None:
    items = [Item(id="i1", title="Halden recalls pumps"), Item(id="i2", title="Rain is expected")]
    (label,) = propose(book(), items, FixedReader(reading(role="actor", kind="recall", tell_score=0.9)))
    assert tuple(label) == COLUMNS
    assert list(label.values())[:7] == ["i1", "Halden Energy", "Halden", "company", "model", "actor", "recall"]
    assert label["tell"] == "tell"


def test_a_revised_item_is_proposed_once() -> None:
    items = [Item(id="i1", title="Halden recalls pumps"), Item(id="i1", title="Halden recalls 40,000 pumps")]
    assert len(propose(book(), items, FixedReader(reading(tell_score=0.1)))) == 1
