from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstword.book.identity import assign_entities, bare_name, slug
from firstword.book.watches import isin_is_valid
from schemas.clients import Watch


def watch(
    name: str, *tickers: str, isin: str | None = None, cik: str | None = None, context: tuple[str, ...] = ()
) -> Watch:
    return Watch(entity_id="", name=name, kind="holding", tickers=tickers, isin=isin, cik=cik, context=context)


def test_a_number_at_the_sec_joins_and_changes_no_id() -> None:
    assert set(ids(watch("Halden", "HLDN", cik="7"), watch("HE plc", cik="7"))) == {"ticker:HLDN"}
    assert ids(watch("Halden", cik="7"), watch("Lunden", cik="8")) == ids(watch("Halden"), watch("Lunden"))
    classes = watch("Halden A", isin="US0378331005", cik="7"), watch("Halden B", isin="US5949181045", cik="7")
    assert ids(*classes) == ["isin:US0378331005", "isin:US5949181045"]


def ids(*watches: Watch, explicit: list[str | None] | None = None) -> list[str]:
    identified = assign_entities(watches, explicit or [None] * len(watches))
    return [watch.entity_id for watch in identified]


def test_an_id_is_derived_from_isin_then_ticker_then_name() -> None:
    assert ids(watch("A", "AA", isin="US0378331005"), watch("B", "BB"), watch("Halden Energy plc")) == [
        "isin:US0378331005",
        "ticker:BB",
        "halden-energy",
    ]


def test_an_entity_has_one_id_in_the_whole_book() -> None:
    by_isin = watch("Halden Energy", isin="US0378331005")
    both = watch("HE plc", "HLDN", isin="US0378331005")
    by_ticker = watch("Halden", "HLDN")
    by_name = watch("HALDEN ENERGY PLC")
    assert set(ids(by_isin, both, by_ticker, by_name)) == {"isin:US0378331005"}


def test_an_explicit_id_takes_precedence_and_separates_equal_names() -> None:
    assert ids(watch("Halden"), watch("Halden"), explicit=["halden-group", None]) == ["halden-group"] * 2
    assert ids(watch("Halden"), watch("Halden"), explicit=["one", "two"]) == ["one", "two"]


def test_context_separates_equal_names() -> None:
    mill, bank = ids(watch("Meridia", context=("mill",)), watch("Meridia", context=("bank",)))
    assert mill != bank
    assert mill.startswith("meridia-")


def test_two_isins_with_one_ticker_stay_separate() -> None:
    assert ids(watch("A", "T", isin="US0378331005"), watch("B", "T", isin="US5949181045")) == [
        "isin:US0378331005",
        "isin:US5949181045",
    ]


@given(st.data())
def test_the_order_in_the_book_does_not_matter(data: st.DataObject) -> None:
    names = st.sampled_from(["Halden", "Halden plc", "Corvane", "Meridia"])
    tickers = st.lists(st.sampled_from(["H", "C", "M"]), max_size=2, unique=True)
    isins = st.sampled_from([None, "US0378331005", "US5949181045"])
    explicit = st.sampled_from([None, None, "x", "y"])
    rows = data.draw(st.lists(st.tuples(names, tickers, isins, explicit), min_size=1, max_size=7))
    shuffled = data.draw(st.permutations(range(len(rows))))
    watches = [watch(name, *ticker, isin=isin) for name, ticker, isin, _ in rows]
    given_ids = [row[3] for row in rows]
    original = ids(*watches, explicit=given_ids)
    reordered = ids(*(watches[at] for at in shuffled), explicit=[given_ids[at] for at in shuffled])
    assert [original[at] for at in shuffled] == reordered
    assert all(given == found for given, found in zip(given_ids, original, strict=True) if given)


@pytest.mark.parametrize(
    ("isin", "valid"),
    [("US0378331005", True), ("GB0002634946", True), ("US0378331006", False), ("US037833100", False), ("", False)],
)
def test_an_isin_needs_the_right_form_and_check_digit(isin: str, valid: bool) -> None:
    assert isin_is_valid(isin) is valid


def test_names_are_compared_without_legal_form_and_ids_have_no_accents() -> None:
    assert bare_name("Société Lumière S.A.") == "société lumière"
    assert bare_name("Inc") == "inc"
    assert slug("Tomás Ferreira") == "tomas-ferreira"
    assert slug("日本").startswith("x-")
