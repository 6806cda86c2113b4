"""Roles in deals, and whose shares move, follow from the position of a name in the headline."""

from __future__ import annotations

import pytest

from schemas.mentions import Span
from services.matcher.reading.deal_roles import find_deal_role, is_own_share_move


@pytest.mark.parametrize(
    ("name", "title", "role"),
    [
        ("Halden", "Halden to buy Osprey Freight", "buyer"),
        ("Osprey Freight", "Halden to buy Osprey Freight", "target"),
        ("Osprey", "Sale of brand off; Osprey grabbed by Halden", "target"),
        ("Halden", "Sale of brand off; Osprey grabbed by Halden", "buyer"),
        ("Halden", "Halden rejects $3bn takeover bid from Osprey", "target"),
        ("Osprey", "Halden rejects $3bn takeover bid from Osprey", "buyer"),
        ("Halden", "Halden makes takeover bid for Osprey", "buyer"),
        ("Halden", "Halden, pension funds to buy Osprey for $2bn", "buyer"),
        ("Osprey", "Halden, pension funds to buy Osprey for $2bn", "target"),
        ("Halden", "After the bid for Halden, Osprey to buy Corvane", "target"),
        ("Osprey", "Halden makes takeover bid for Osprey", "target"),
        ("Halden", "Halden sells grid business to Osprey", "seller"),
        ("Osprey", "Halden sells grid business to Osprey", "buyer"),
        ("Halden", "Halden agrees to be bought by Osprey", "target"),
        ("Halden", "Regulator clears Osprey's purchase of rival Halden Energy", "target"),
        ("Halden", "Osprey in talks to acquire Halden, sources say", "target"),
        ("Halden", "Fund buys 5% stake in Halden", "stake"),
        ("Halden", "Founders raise Halden stake", "stake"),
        ("Halden", "Halden, Osprey agree to merge", "unknown"),
        ("Halden", "Halden shares jump on takeover talk", "unknown"),
        ("Halden", "Halden buys back shares", "unknown"),
        ("Halden", "Halden weighs sale to Osprey", "unknown"),
    ],
)
def test_the_position_of_a_name_shows_its_role_in_the_deal(name: str, title: str, role: str) -> None:
    start = title.index(name)
    assert find_deal_role(title, [Span(field="title", start=start, end=start + len(name), text=name)]) == role


def test_a_company_named_only_in_the_body_has_no_known_role() -> None:
    assert find_deal_role("Halden to buy Osprey", [Span(field="body", start=0, end=6, text="Halden")]) == "unknown"


@pytest.mark.parametrize(
    ("name", "title", "own"),
    [
        ("Halden", "Halden shares fall 7%", True),
        ("Halden Energy", "Halden Energy's Oslo-listed shares fall", True),
        ("Halden", "Halden warns on profit, shares fall", True),
        ("Halden", "Shares in Halden fall after warning", True),
        ("Halden", "Osprey stock surges after Halden deal", False),
        ("Osprey", "Osprey stock surges after Halden deal", True),
        ("Halden", "Energy stocks slide as Halden cuts its forecast", False),
        ("Halden", "Halden cuts its forecast", True),
    ],
)
def test_the_name_before_the_shares_shows_whose_they_are(name: str, title: str, own: bool) -> None:
    start = title.index(name)
    assert is_own_share_move(title, [Span(field="title", start=start, end=start + len(name), text=name)]) is own
