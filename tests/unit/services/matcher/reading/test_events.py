from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from schemas.items import Item
from schemas.mentions import FAMILY_OF, Claim, ClaimStatus, Direction, EventKind, Mention, Span
from schemas.readings import EventFamily, Firmness, Outlook, Role, Weight
from services.matcher.reading.claims import classify_claim
from services.matcher.reading.events import claim_as_read, impact_as_read
from services.matcher.reading.impact import classify_impact, price_move
from tests.unit.services.matcher.readings import reading

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def item(title: str) -> Item:
    return Item(id="itm", title=title, language="en", fetched_at=NOW)


def mention(news: Item, name: str = "Halden") -> Mention:
    start = news.title.find(name)
    span = Span(field="title", start=start, end=start + len(name), text=name)
    return Mention(item_id="itm", entity_id="halden", spans=(span,), salience=0.8, why="")


def kind_of(title: str, family: EventFamily, role: Role = "actor") -> EventKind:
    news = item(title)
    read = reading(kind=family, role=role)
    return impact_as_read(news, mention(news), read, classify_impact(news)).kind


@pytest.mark.parametrize(
    ("title", "family", "role", "kind"),
    [
        ("Halden cuts its dividend", "dividend", "actor", "dividend_cut"),  # the lexicon knows the finer kind
        ("Halden keeps its payout", "dividend", "actor", "dividend"),
        ("Halden launches a bid war for talent", "labour", "actor", "labour"),  # the lexicon saw a launch
        ("Quillon buys Halden", "deal", "object", "takeover"),
        ("Halden buys Quillon", "deal", "actor", "acquisition"),
        ("Halden and Quillon become one", "deal", "party", "deal"),
        ("Halden chief to go", "leadership", "actor", "leadership_change"),
        ("Halden buys back shares", "buyback", "actor", "buyback"),
        ("Halden in the news", "none", "mention", "none"),
        ("Halden files for bankruptcy", "insolvency", "actor", "insolvency"),
        ("Halden writes off loans to a builder that went bankrupt", "insolvency", "actor", "other"),
    ],
)
def test_the_family_is_as_read_and_the_lexicon_refines_it(
    title: str, family: EventFamily, role: Role, kind: EventKind
) -> None:
    assert kind_of(title, family, role) == kind


@pytest.mark.parametrize(
    ("family", "sure", "kind", "direction"),
    [
        ("share_move", 0.9, "share_move", "positive"),
        ("rating", 0.3, "share_move", "positive"),
        ("guidance", 0.9, "guidance", "negative"),  # the reading is sure of the cause
    ],
)
def test_a_price_move_in_the_headline_is_as_it_says(
    family: EventFamily, sure: float, kind: EventKind, direction: Direction
) -> None:
    news = item("Meridia down 6%, Halden up 9%")
    move = price_move(" up 9%")
    assert move is not None
    impact = impact_as_read(news, mention(news), reading(kind=family, sure=sure, direction="bad"), move, move)
    assert (impact.kind, impact.direction) == (kind, direction)


def test_a_labeled_advertisement_stays_one_whatever_is_read() -> None:
    news = item("Sponsored: five reasons to love Halden")
    impact = impact_as_read(news, mention(news), reading(kind="event"), classify_impact(news))
    assert impact.kind == "advertisement"


@pytest.mark.parametrize("family", get_args(EventFamily))
def test_every_family_leads_to_a_kind_of_its_own(family: EventFamily) -> None:
    assert FAMILY_OF[kind_of("Halden in a text that names nothing", family)] == family


@pytest.mark.parametrize(
    ("title", "family", "outlook", "direction"),
    [
        ("Halden reports a loss of data", "breach", "bad", "negative"),
        ("Halden opens a plant", "expansion", "good", "positive"),
        ("Halden opens a plant", "expansion", "mixed", "unclear"),
        ("Halden cuts its dividend", "dividend", "good", "negative"),  # by definition
    ],
)
def test_the_direction_is_as_read_unless_the_kind_has_one(
    title: str, family: EventFamily, outlook: Outlook, direction: Direction
) -> None:
    news = item(title)
    read = reading(kind=family, direction=outlook)
    assert impact_as_read(news, mention(news), read, classify_impact(news)).direction == direction


@pytest.mark.parametrize(
    ("weight", "size", "urgency"),
    [("major", "major", "high"), ("worth", "moderate", "normal"), ("minor", "minor", "low"), ("none", "minor", "low")],
)
def test_size_and_urgency_follow_the_weight(weight: Weight, size: str, urgency: str) -> None:
    news = item("Halden opens a plant in Oslo")
    impact = impact_as_read(news, mention(news), reading(kind="contract", weight=weight), classify_impact(news))
    assert (impact.size, impact.urgency) == (size, urgency)


@pytest.mark.parametrize(
    ("firmness", "status"),
    [
        ("fact", "asserted"),
        ("reported", "asserted"),
        ("plan", "asserted"),
        ("none", "asserted"),
        ("rumor", "hedged"),
        ("forecast", "hedged"),
        ("denied", "denied"),
    ],
)
def test_the_claim_is_as_firm_as_read(firmness: Firmness, status: ClaimStatus) -> None:
    title = "Halden may or may not have bought Quillon"
    claim = classify_claim(item(title))
    assert claim_as_read(title, reading(status=firmness), claim).status == status


@pytest.mark.parametrize(
    ("title", "status"),
    [
        ("Halden confirms breach it had denied", "asserted"),
        ("Halden admits data breach after initial denial", "asserted"),
        ("Halden declines to confirm breach after denying it", "denied"),
        ("Halden shares unchanged after denial of talks", "denied"),
        ("Halden confirms it denied the claim", "denied"),
    ],
)
def test_a_confirmation_overtakes_the_denial_that_it_mentions(title: str, status: ClaimStatus) -> None:
    denial = Claim(item_id="itm", status="denied", score=0.8)
    assert claim_as_read(title, reading(status="denied"), denial).status == status


def test_a_retraction_and_a_language_that_is_not_judged_stay_as_they_are() -> None:
    retracted = Claim(item_id="itm", status="retracted", score=0.97)
    foreign = Claim(item_id="itm", status="asserted", score=0.5, judged=False)
    assert claim_as_read("Halden buys Quillon", reading(status="fact"), retracted) == retracted
    assert claim_as_read("Halden buys Quillon", reading(status="rumor"), foreign) == foreign
