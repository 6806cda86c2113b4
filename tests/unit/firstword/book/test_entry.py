"""One entry of the book from plain values."""

from __future__ import annotations

from typing import Any

import pytest

from firstword.book.entry import WatchedEntities, read_entry
from firstword.book.people import Defaults
from firstword.book.write import write_entry
from schemas.clients import Client, Watch
from services.notifier.trades.catalog import Trades
from tests.desk_data import FIRM, MANAGERS, clients

TRADES = Trades.shipped()
DEFAULTS = Defaults(FIRM, MANAGERS, TRADES)
ISIN = "US0378331005"


def read(**entry: Any) -> tuple[Client | None, list[tuple[str, str]]]:
    client, problems = read_entry({"name": "Ada", "manager": "mara", **entry}, DEFAULTS)
    return client, [(problem.severity, problem.field) for problem in problems]


@pytest.mark.parametrize("client", clients(), ids=lambda client: client.id)
def test_a_written_entry_reads_back(client: Client) -> None:
    back, _ = read_entry({**write_entry(client, TRADES.of(client.trade)), "id": client.id}, DEFAULTS)
    assert back is not None
    blank = [watch.model_copy(update={"entity_id": ""}) for watch in client.watches]
    assert list(back.watches) == blank
    assert back.model_copy(update={"assets": (), "interests": ()}) == client.model_copy(
        update={"assets": (), "interests": ()}
    )


def test_problems_name_the_field_and_the_fix() -> None:
    client, problems = read(
        risk="reckless", time_zone="Mars/Phobos",
        assets=[{"name": "Halden", "isin": "US0378331006"}, {"kind": "topic"}],
        contact={"email": "nobody", "max_per_week": -1, "quiet": "late"},
    )  # fmt: skip
    assert client is None
    assert {field for _, field in problems if field != "assets[1].kind"} == {
        "time_zone", "assets[0].isin", "assets[1].name", "risk", "contact.quiet", "contact.email",
        "contact.max_per_week",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "kept"),
    [("320193", "320193"), ("0000320193", "320193"), ("CIK 0000320193", "320193"), ("cik#320193", "320193"),
     ("", None), ("0", None), ("12345678901", None), ("\u0663\u0662", None), ("HLDN", None)],
)  # fmt: skip
def test_a_number_at_the_sec_is_kept_without_zeros(given: str, kept: str | None) -> None:
    client, problems = read(assets=[{"name": "Halden", "cik": given}])
    if kept is None and given:
        assert (client, problems) == (None, [("error", "assets[0].cik")])
    else:
        assert client is not None
        assert client.assets[0].cik == kept


def test_true_is_a_flag_and_a_text_is_a_reason() -> None:
    plain, _ = read(contact={"do_not_contact": True})
    reason, _ = read(contact={"do_not_contact": "true"})
    assert plain is not None
    assert reason is not None
    assert plain.contact.do_not_contact_reason is None
    assert reason.contact.do_not_contact_reason == "true"


def test_a_subject_without_a_scope_is_worth_checking() -> None:
    assert read(interests=["interest rates"])[1] == [("warning", "interests[0]")]
    assert read(interests=[{"name": "interest rates", "scope": "all"}])[1] == []


def test_a_new_watch_of_a_known_entity_gets_its_id() -> None:
    known = WatchedEntities(
        [
            {"entity_id": "isin:X", "name": "Halden Energy plc", "kind": "holding", "isin": ISIN, "tickers": ["HLDN"]},
            {"entity_id": "apple-1", "name": "Apple", "kind": "holding", "context": ["iphone"]},
        ]
    )
    client, _ = read(
        assets=[
            "Halden Energy",
            {"name": "Halden", "ticker": "HLDN"},
            "Apple",
            "Newcomer",
            {"name": "Kept", "id": "own"},
        ]
    )
    assert client is not None
    assert [watch.entity_id for watch in known.identified(client).assets] == [
        "isin:X", "isin:X", "apple", "newcomer", "own",
    ]  # fmt: skip


def test_the_ids_of_known_watches_stay() -> None:
    client = Client(id="a", name="A", manager_id="mara", trade="wealth").model_copy(
        update={"assets": (Watch(entity_id="kept", name="Halden", kind="holding"),)}
    )
    assert WatchedEntities([]).identified(client) == client
