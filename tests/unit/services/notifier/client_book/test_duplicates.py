from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

import pytest

from schemas.clients import Blackout, Client, ContactPolicy, Desire, Note, Watch
from services.notifier.client_book.duplicates import Candidate, KeyKind, duplicate_groups, duplicate_keys_of
from services.notifier.client_book.merging import merged_client


def named(name: str, **contact: str) -> Client:
    return Client(id="c", name=name, manager_id="m", trade="wealth", contact=ContactPolicy(**contact))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Claire Arnaud", "ARNAUD, Claire"), ("Jürgen Müller", "Juergen Mueller"), ("José Ñandú", "Jose Nandu"),
        ("Dr. Ada Lovell", "Ada Lovell"), ("O'Hara, Sean", "Sean O’Hara"), ("Søren Ås", "Soeren Aas"),
    ],
)  # fmt: skip
def test_a_name_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert duplicate_keys_of(named(one))["name"] == duplicate_keys_of(named(other))["name"]


@pytest.mark.parametrize(("one", "other"), [("Claire Arnaud", "Claire Arnold"), ("Jan Berg", "Jan Bergs")])
def test_other_names_are_other_names(one: str, other: str) -> None:
    assert duplicate_keys_of(named(one))["name"] != duplicate_keys_of(named(other))["name"]


def test_addresses_and_numbers_are_compared_as_people_write_them() -> None:
    one = duplicate_keys_of(named("A", email=" Claire@Arnaud.example", phone="+44 (0)20 7946-0000"))
    assert one == {"email": "claire@arnaud.example", "phone": "079460000", "name": "a"}
    assert duplicate_keys_of(named("A", phone="020 7946 0000"))["phone"] == one["phone"]
    assert duplicate_keys_of(named("Dr", phone="12 34")) == {"name": "dr"}
    assert duplicate_keys_of(named("?")) == {}


def candidate(id: str, who: str = "", organisation: str = "", /, **keys: str) -> Candidate:
    having: Mapping[KeyKind, str] = keys  # type: ignore[assignment]
    return Candidate(id, who, organisation, having)


def test_groups_are_made_of_all_that_is_shared_and_each_client_is_in_one() -> None:
    found = duplicate_groups(
        [candidate("a", email="x@x"), candidate("b", email="x@x", name="n"), candidate("c", name="n"),
         candidate("d", email="y@y"), candidate("e", email="y@y"), candidate("f", email="z@z")], (),
    )  # fmt: skip
    assert [(group.ids, group.shared) for group in found] == [
        (("a", "b", "c"), ("email", "name")), (("d", "e"), ("email",)),
    ]  # fmt: skip


def test_an_offices_number_and_a_common_name_make_nobody_one() -> None:
    office = [candidate("a", "Ada Berg", phone="1"), candidate("b", "Bo Lund", phone="1")]
    assert duplicate_groups(office, ()) == ()
    assert len(duplicate_groups([office[0], candidate("b", "A. Berg", phone="1")], ())) == 1
    smiths = [candidate("a", "Jan Smith", "Alpha", name="n"), candidate("b", "Jan Smith", "Beta", name="n")]
    assert duplicate_groups(smiths, ()) == ()
    assert len(duplicate_groups([smiths[0], candidate("b", "Jan Smith", "", name="n")], ())) == 1
    assert len(duplicate_groups([smiths[0], candidate("b", "Jan Smith", "ALPHA", name="n")], ())) == 1


def test_who_was_told_apart_is_in_no_group_unless_another_links_them() -> None:
    three = [candidate("a", email="x"), candidate("b", email="x"), candidate("c", email="x")]
    assert duplicate_groups(three, {("a", "b")})[0].ids == ("a", "b", "c"), "c may be either"
    assert duplicate_groups(three, {("a", "b"), ("a", "c")})[0].ids == ("b", "c")
    assert duplicate_groups(three, {("a", "b"), ("a", "c"), ("b", "c")}) == ()


def test_the_order_of_the_clients_makes_no_difference() -> None:
    many = [candidate(str(n), email=str(n % 7), name=str(n % 5)) for n in range(12)]
    expected = duplicate_groups(many, ())
    for seed in range(5):
        shuffled = random.Random(seed).sample(many, len(many))  # noqa: S311 - no secret
        assert duplicate_groups(shuffled, ()) == expected


def holding(name: str, weight: float | None = None) -> Watch:
    return Watch(entity_id=name.lower(), name=name, kind="holding", weight=weight)


def test_the_kept_entry_counts_and_takes_in_what_it_lacks() -> None:
    kept = Client(
        id="a", name="Ada Lovell", manager_id="mara", trade="wealth", risk="limited", assets=(holding("Halden", 0.2),),
        history=(Note(text="Met"),), contact=ContactPolicy(email="ada@x.example"),
    )  # fmt: skip
    other = Client(
        id="b", name="A. Lovell", manager_id="june", trade="it", risk="high", time_zone="Europe/London",
        organisation="Lovell", desires=(Desire(name="income"),),
        assets=(holding("HALDEN", 0.9), holding("Corvane", 0.5)),
        history=(Note(text="Met"), Note(text="Called")), contact=ContactPolicy(email="a@y.example", phone="123"),
    )  # fmt: skip
    merged = merged_client(kept, other)
    assert (merged.id, merged.name, merged.manager_id, merged.trade) == ("a", "Ada Lovell", "mara", "wealth")
    assert (merged.risk, merged.organisation, merged.time_zone) == ("limited", "Lovell", "Europe/London")
    assert merged.desires == other.desires
    assert merged.assets == (holding("Halden", 0.2), holding("Corvane"))
    assert [note.text for note in merged.history] == ["Met", "Called"]
    assert (merged.contact.email, merged.contact.phone) == ("ada@x.example", "123")
    assert merged_client(merged, other) == merged


def test_no_limit_on_contact_is_lost() -> None:
    lasting = Blackout(until=date(2026, 5, 1), reason="leave")
    strict = ContactPolicy(
        do_not_contact=True, do_not_contact_reason="asked", information_only=True, restricted=("Halden",),
        blackouts=(lasting,), max_per_week=1,
    )  # fmt: skip
    other = named("A").model_copy(update={"contact": strict, "mood": "upset"})
    merged = merged_client(named("A"), other)
    assert merged.contact == strict
    assert merged.mood == "upset"
    assert merged_client(other, named("A")) == other


def test_weights_come_along_where_there_are_none() -> None:
    other = named("A").model_copy(update={"assets": (holding("Corvane", 0.5),)})
    assert merged_client(named("A"), other).assets == other.assets
