"""An entry as inputs of a form, and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.client_book.port import EntryProblem
from services.notifier.desk.client_form import entry_of, form_of, input_of, joined, problems_by_input, split_texts
from tests.desk_data import clients
from tests.desk_world import BOOK

WORDS = st.text("abc, .|-", min_size=1).map(str.strip).filter(bool)


@pytest.mark.parametrize("client", clients(), ids=lambda client: client.id)
def test_a_client_survives_the_form(client) -> None:  # type: ignore[no-untyped-def]
    entry = BOOK.entry(client)
    back, kept = entry_of(form_of(entry))
    assert form_of(back) == {name: text for name, text in kept.items() if text}


def test_rows_that_are_empty_or_removed_are_left_out_and_the_rest_numbered_again() -> None:
    form = {
        "name": " Ada ",
        "risk": "",
        "assets.0.name": "Halden", "assets.0.remove": "yes",
        "assets.1.name": "", "assets.1.kind": "holding",
        "assets.7.name": "Meridia", "assets.7.tickers": "MRD; MRX", "assets.7.weight": "12%",
        "interests.0.name": "Oats", "interests.0.industries": "food, mills",
        "interests.0.near": "a + b | c within 5; d + e",
        "interests.1.name": "Rates", "interests.1.everything": "yes",
        "contact.do_not_contact": "yes", "contact.do_not_contact_reason": "on leave",
        "contact.information_only": "yes", "contact.blackouts.3.until": "2026-03-13",
    }  # fmt: skip
    entry, kept = entry_of(form)
    assert entry == {
        "name": "Ada",
        "assets": [{"name": "Meridia", "tickers": ["MRD", "MRX"], "weight": "12%"}],
        "interests": [
            {
                "name": "Oats", "scope": {"industries": ["food", "mills"]},
                "near": [{"words": ["a", "b | c"], "within": "5"}, {"words": ["d", "e"]}],
            },
            {"name": "Rates", "scope": "all"},
        ],
        "contact": {
            "information_only": True, "do_not_contact": "on leave", "blackouts": [{"until": "2026-03-13"}],
        },
    }  # fmt: skip
    assert kept["assets.0.name"] == "Meridia"
    assert "assets.7.name" not in kept
    assert form_of(entry)["interests.0.near"] == "a + b | c within 5; d + e"
    assert form_of(entry)["interests.1.everything"] == "yes"
    assert form_of(entry)["contact.do_not_contact_reason"] == "on leave"


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS))
def test_texts_survive_being_joined(texts: list[str]) -> None:
    assert split_texts(joined(texts)) == texts


def test_a_row_with_an_absurd_number_is_left_out() -> None:
    entry, _ = entry_of({f"assets.{'9' * 5_000}.name": "Halden", "assets.3.name": "Meridia"})
    assert [asset["name"] for asset in entry["assets"]] == ["Meridia"]


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("name", "name"),
        ("contact.email", "contact.email"),
        ("assets[2].isin", "assets.2.isin"),
        ("assets[2].ticker", "assets.2.tickers"),
        ("assets[0].aliases[1]", "assets.0.aliases"),
        ("interests[1].scope", "interests.1.regions"),
        ("interests[1].scope.parties", "interests.1.parties"),
        ("interests[1].near[0].words", "interests.1.near"),
        ("interests[1]", "interests.1.name"),
        ("contact.blackouts[0].until", "contact.blackouts.0.until"),
        ("assets", "assets"),
        ("style[1]", "style"),
    ],
)
def test_each_problem_finds_its_input(field: str, name: str) -> None:
    assert input_of(field) == name
    problem = EntryProblem("error", field, "Wrong.", "Right.")
    assert problems_by_input([problem]) == {name: [problem]}
