from __future__ import annotations

from datetime import date, time
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.book import dump_book, load_book
from firstword.book.watches import ASSET_KINDS, INTEREST_KINDS
from schemas.clients import (
    Blackout,
    Book,
    Client,
    ContactPolicy,
    Desire,
    DigestPreferences,
    Firm,
    Manager,
    Near,
    Note,
    Query,
    Risk,
    TopicScope,
    Watch,
)
from services.notifier.trades.catalog import Trades
from tests.growth import assert_linear

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text == text.strip()
)
LINES = st.lists(TEXT, min_size=1, max_size=3).map("\n".join)
ALIASES = st.lists(TEXT.filter(lambda text: len(text) > 1), max_size=2, unique=True).map(tuple)
ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/New_York"])
NOTES = st.lists(st.builds(Note, text=LINES, at=st.none() | st.dates(), question=st.none() | TEXT), max_size=2).map(
    tuple
)

TERMS = st.lists(st.sampled_from(["price", "raise | raises", "Halden Energy", "oil spill"]), max_size=2).map(tuple)
QUERIES = st.builds(
    Query,
    any_of=TERMS,
    all_of=st.just(("oil",)),
    none_of=TERMS,
    near=st.lists(
        st.builds(Near, words=st.just(("price", "raise")), within=st.integers(1, 50)), max_size=2, unique=True
    ).map(tuple),
)

SCOPES = st.builds(TopicScope, industries=TERMS, regions=TERMS, parties=TERMS)


def watches(kinds: tuple[str, ...]) -> st.SearchStrategy[tuple[Watch, ...]]:
    named = st.builds(
        Watch,
        entity_id=TEXT,
        name=TEXT,
        kind=st.sampled_from(kinds),
        aliases=ALIASES,
        tickers=st.lists(st.sampled_from(["HLDN", "ON", "A.B"]), max_size=2, unique=True).map(tuple),
        isin=st.sampled_from([None, "US0378331005"]),
        cik=st.sampled_from([None, "320193"]),
        context=ALIASES,
        weight=st.none() | st.integers(0, 10**6).map(lambda number: number / 10**6),
        note=st.none() | LINES,
    )
    with_query = st.builds(
        Watch,
        entity_id=TEXT,
        name=TEXT | st.sampled_from(["ransomware", "Merger", "Price increase"]),
        kind=st.sampled_from(kinds),
        context=ALIASES,
        topic=st.sampled_from([None, "ransomware", "merger"]),
        query=st.none() | QUERIES,
        scope=st.none() | SCOPES,
    ).map(lambda watch: watch if watch.is_subject else watch.model_copy(update={"scope": None}))
    return st.lists(named | with_query if "topic" in kinds else named, max_size=3).map(tuple)


@st.composite
def contacts(draw: st.DrawFn) -> ContactPolicy:
    hours = draw(st.none() | st.tuples(st.integers(0, 23), st.integers(0, 59)))
    return ContactPolicy(
        phone=draw(st.none() | TEXT),
        max_per_week=draw(st.integers(0, 9)),
        quiet_from=time(*hours) if hours else None,
        quiet_until=time(8) if hours else None,
        working_days=tuple(sorted(draw(st.sets(st.integers(0, 6))))) or (0,),
        do_not_contact=draw(st.booleans()),
        restricted=draw(ALIASES),
        blackouts=tuple(draw(st.lists(blackouts(), max_size=2))),
        max_silence_days=draw(st.none() | st.integers(1, 90)),
        merge_minutes=draw(st.sampled_from([0, 30, 90])),
    )


@st.composite
def blackouts(draw: st.DrawFn) -> Blackout:
    until = draw(st.dates(date(2026, 1, 1), date(2027, 1, 1)))
    since = draw(st.none() | st.dates(date(2025, 1, 1), until))
    return Blackout(since=since, until=until, reason=draw(TEXT), about=draw(ALIASES))


DIGESTS = st.builds(
    DigestPreferences,
    hour=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    by=st.sampled_from([("email",), ("slack",), ("teams", "email")]),
    empty=st.sampled_from(["one_line", "nothing"]),
)


@st.composite
def books(draw: st.DrawFn) -> Book:
    managers = tuple(
        Manager(
            id=f"m{at}",
            name=draw(TEXT),
            time_zone=draw(ZONES),
            signature=draw(st.none() | LINES),
            digest=draw(st.none() | DIGESTS),
            urgent=draw(st.sampled_from([(), ("slack",), ("teams", "email")])),
        )
        for at in range(draw(st.integers(1, 2)))
    )
    clients = tuple(
        Client(
            id=f"c{at}",
            name=draw(TEXT),
            manager_id=draw(st.sampled_from(managers)).id,
            trade=draw(st.sampled_from(Trades.shipped().names)),
            time_zone=draw(ZONES),
            risk=draw(st.sampled_from((*get_args(Risk), None))),
            desires=tuple(draw(st.lists(st.builds(Desire, name=TEXT, words=st.none() | TEXT), max_size=2))),
            history=draw(NOTES),
            end_vision=draw(st.none() | LINES),
            assets=draw(watches(ASSET_KINDS)),
            interests=draw(watches(INTEREST_KINDS)),
            contact=draw(contacts()),
        )
        for at in range(draw(st.integers(0, 2)))
    )
    firm = Firm(name=draw(TEXT), restricted=draw(ALIASES), sample=draw(st.booleans()))
    return Book(firm=firm, managers=managers, clients=clients)


@pytest.mark.slow
@given(books())
def test_a_written_book_reads_back_as_the_same_book(book: Book) -> None:
    found, problems = load_book(dump_book(book), "book.yaml")
    assert found == book, problems


def test_defaults_and_derived_ids_are_not_written() -> None:
    asset = Watch(entity_id="ticker:HLDN", name="Halden Energy", kind="holding", tickers=("HLDN",), weight=0.12)
    client = Client(
        id="claire", name="Claire", manager_id="mara", trade="wealth", assets=(asset,), views=(Note(text="Calm"),),
        history=(Note(text="Sold", at=date(2026, 1, 5)),),
    )  # fmt: skip
    book = Book(
        firm=Firm(name="H"), managers=(Manager(id="mara", name="Mara", signature="Kind\nregards"),), clients=(client,)
    )
    assert dump_book(book) == (
        "version: 1\nfirm:\n  name: H\n  trade: wealth\nmanagers:\n- id: mara\n  name: Mara\n"
        "  signature: |-\n    Kind\n    regards\nclients:\n- id: claire\n  name: Claire\n  views:\n  - Calm\n"
        "  history:\n  - {text: Sold, at: 2026-01-05}\n"
        "  assets:\n  - {name: Halden Energy, ticker: HLDN, weight: 12%}\n"
    )


@pytest.mark.slow
def test_a_large_book_loads_in_proportion_to_its_size() -> None:
    watched = "".join(
        f"      - {{name: Halden {at} Energy, ticker: H{at}, weight: 2%, aliases: [Halden {at}]}}\n" for at in range(10)
    )

    def load(size: int) -> None:
        clients = "".join(f"  - name: Client {at}\n    assets:\n{watched}" for at in range(size))
        book, _ = load_book(f"firm: {{name: H}}\nmanagers: [{{name: Mara}}]\nclients:\n{clients}", "book.yaml")
        assert book is not None
        assert len(book.clients) == size

    assert_linear(load, 4_000)


def test_compliance_notes_and_jurisdictions_are_kept() -> None:
    text = (
        "version: 1\nfirm:\n  name: Harbour & Vane\n  compliance:\n    - Of every client.\n"
        "    - {trade: legal, jurisdiction: CH, text: Of law in Switzerland.}\n"
        "managers: [{id: mara, name: Mara}]\n"
        "clients:\n  - {name: Claire Arnaud, jurisdiction: CH, assets: [Halden Energy]}\n"
    )
    book, problems = load_book(text, "book.yaml")
    assert [problem for problem in problems if problem.severity == "error"] == []
    assert book is not None
    assert book.firm.compliance_for("legal", "CH") == "Of law in Switzerland."
    assert book.firm.compliance_for("wealth", "CH") == "Of every client."
    assert load_book(dump_book(book), "again.yaml")[0] == book
