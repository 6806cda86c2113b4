from __future__ import annotations

from urllib.parse import parse_qsl

from services.notifier.triage.view import InboxView


def test_a_view_is_its_address() -> None:
    view = InboxView(group="client", verdict="warn", client="Arnaud & Söhne", deadline="24")
    assert InboxView.parse(dict(parse_qsl(view.query))) == view
    assert InboxView().query == "", "the standard view needs no address"
    assert set(view.filters) == {"client", "verdict", "deadline"}


def test_what_a_view_does_not_know_counts_as_not_given() -> None:
    asked = {"group": "tree", "verdict": "hold", "deadline": "soon", "sort": "x", "page": "2", "kind": "nothing-known"}
    assert InboxView.parse(asked) == InboxView()
    assert len(InboxView.parse({"client": "x" * 500}).client) == 100
