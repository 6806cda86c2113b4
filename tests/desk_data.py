"""A desk full of invented drafts: every verdict, several clients and managers, long names, right-to-left text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.alerts import Alert, AlertRaised, Evidence, IfTheyAsk, InformationGrade, Reason, Verdict
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, ContactPolicy, Desire, Firm, Manager, Note, Watch
from schemas.drafts import DraftCreated, DraftRefused
from schemas.mentions import ClaimBasis, ClaimStatus, Direction, EventKind, SourceLetter, Span
from services.common.processing import AnyEvent
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.compose import Composed, compose
from services.notifier.drafting.playbooks import Playbooks

__all__ = ["FIRM", "MANAGERS", "NOW", "STORIES", "Story", "alert_of", "book_events", "clients", "seed_events"]

#: A Thursday morning in Stockholm.
NOW = datetime(2026, 3, 5, 8, 20, tzinfo=UTC)
FIRM = Firm(name="Harbour & Vane", trade="wealth", compliance_note="This message is not an offer.", sample=True)
MANAGERS = {
    "mara": Manager(
        id="mara", name="Mara Lindqvist", title="Senior adviser", email="mara@harbour-vane.example",
        time_zone="Europe/Stockholm", signature="Kind regards,\nMara Lindqvist\nHarbour & Vane",
    ),
    "june": Manager(id="june", name="June Okafor", email="june@harbour-vane.example", time_zone="America/New_York"),
}  # fmt: skip


def _holding(name: str, weight: float | None, **more: Any) -> Watch:
    return Watch(entity_id=name.lower().replace(" ", "-"), name=name, kind="holding", weight=weight, **more)


def clients() -> tuple[Client, ...]:
    """Five clients of two managers."""
    halden = _holding("Halden Energy", 0.12, tickers=("HLDN",), note="Bought for its dividend in 2019")
    corvane = _holding("Corvane Pharma", 0.06)
    return (
        Client(
            id="claire-arnaud", name="Claire Arnaud", organisation="Arnaud Family Office", manager_id="mara",
            trade="wealth", time_zone="Europe/Paris", salutation="Dear Ms Arnaud", risk="limited",
            desires=(Desire(name="income", words="a dependable income"),),
            end_vision="To live from her portfolio without touching the capital.",
            personality="Careful, reads everything, dislikes surprises.",
            history=(Note(text="Sold two cyclical holdings after a bad quarter and was glad of it"),),
            assets=(halden, corvane, _holding("Meridia Bank", 0.09)),
            contact=ContactPolicy(email="claire@arnaud.example"),
        ),
        Client(
            id="yusuf", name="يوسف الحداد", organisation="شركة الحداد للتجارة", manager_id="mara", trade="wealth",
            time_zone="Asia/Dubai", salutation="Dear Mr Al-Haddad", desires=(Desire(name="growth"),), risk="high",
            assets=(halden, corvane), contact=ContactPolicy(email="yusuf@haddad.example"),
        ),
        Client(
            id="wolfe", name="Konstantin-Maximilian Freiherr von und zu Wolfenbüttel-Oberstdorf",
            organisation="Wolfenbüttel-Oberstdorfer Vermögensverwaltungsgesellschaft", manager_id="mara",
            trade="wealth", time_zone="Europe/Berlin", desires=(Desire(name="growth"),), assets=(corvane,),
        ),
        Client(
            id="brightwater", name="Nadia Brightwater", organisation="Brightwater Foods", manager_id="june",
            trade="it", time_zone="America/Chicago",
            desires=(Desire(name="continuity", words="no day without the tills"),),
            risk="limited", jargon="some",
            assets=(Watch(entity_id="tillgate", name="Tillgate POS", kind="product"),
                    Watch(entity_id="meridia-bank", name="Meridia Bank", kind="supplier")),
            contact=ContactPolicy(email="nadia@brightwater.example"),
        ),
        Client(
            id="silent", name="Odd Fellow", manager_id="june", trade="wealth",
            contact=ContactPolicy(email="odd@fellow.example", do_not_contact=True, do_not_contact_reason="on leave"),
            assets=(_holding("Meridia Bank", 0.2),),
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Story:
    """An invented story about one entity."""

    entity_id: str
    name: str
    verdict: Verdict
    kind: EventKind
    direction: Direction
    headline: str
    evidence: tuple[tuple[str, SourceLetter, ClaimStatus, ClaimBasis, str], ...]
    information: InformationGrade
    hours: float
    urgent: bool = False
    asked: IfTheyAsk | None = None


STORIES = (
    Story(
        "halden-energy", "Halden Energy", "tell", "dividend_cut", "negative",
        "Halden Energy lowers its dividend to 0.40 crowns a share",
        (
            ("Northgate Wire", "A", "asserted", "company", "Halden Energy cut its quarterly dividend by 38% to 0.40 "
             "crowns a share to pay for grid repairs, it said in a statement."),
            ("Oslo Morning Herald", "B", "asserted", "own", "Halden Energy lowers its quarterly dividend from 0.65 to "
             "0.40 crowns a share. The company kept its guidance for the year."),
        ), 1, 9, True,
    ),
    Story(
        "corvane-pharma", "Corvane Pharma", "warn", "takeover", "positive",
        "Corvane Pharma said to be in takeover talks with Estmere Group",
        (("Market Whisper", "D", "hedged", "unnamed", "Corvane Pharma could be bought by Estmere Group for as much as "
          "3.2 billion crowns, according to people familiar with the matter."),),
        3, 26,
    ),
    Story(
        "meridia-bank", "Meridia Bank", "tell", "outage", "negative",
        "Meridia Bank's card payments were down for 3 hours",
        (("The Port Courier", "B", "asserted", "company", "Card payments through Meridia Bank failed for 3 hours on "
          "Wednesday, the bank said. They work again."),),
        2, -2,
    ),
    Story(
        "tillgate", "Tillgate POS", "tell", "vulnerability", "negative",
        "CERT Nordmark warns of a flaw in Tillgate POS 4.2",
        (("CERT Nordmark", "A", "asserted", "regulator", "Versions of Tillgate POS before 4.2.7 let an attacker read "
          "card data over the network. An update is available."),
         ("Patch Notes Weekly", "B", "asserted", "regulator", "CERT Nordmark rates the Tillgate POS flaw 9.1 of 10.")),
        1, 5, True,
    ),
    Story(
        "meridia-bank", "Meridia Bank", "correct", "dividend_cut", "neutral",
        "Meridia Bank did not cut its dividend",
        (("The Financial Ledger", "A", "retracted", "own", "The Financial Ledger retracts its report that Meridia Bank "
          "cut its dividend. The bank says the dividend stays at 2.20 crowns a share."),
         ("Meridia Bank", "B", "denied", "company", "Meridia Bank denies reports that it has cut its dividend.")),
        5, 3,
    ),
    Story(
        "halden-energy", "Halden Energy", "hold", "leadership_change", "unclear",
        "Is Halden Energy's chief about to go?",
        (("Market Whisper", "D", "hedged", "unnamed", "Halden Energy's chief could leave before summer, we hear."),),
        4, 70,
        asked=IfTheyAsk(
            going_round="That Halden Energy's chief could leave before the summer.",
            who_says="Market Whisper alone, on unnamed sources.",
            why_held="One source that is not usually reliable; no second, independent one so far.",
            answer="We have seen it too. It comes from a single blog that names nobody, and the company has said "
            "nothing. We are watching, and will call you if anyone else confirms it.",
        ),
    ),
    Story(
        "corvane-pharma", "Corvane Pharma", "ignore", "advertisement", "neutral",
        "Ten shares that everybody is talking about, Corvane Pharma among them",
        (("The Daily Gull", "E", "asserted", "own", "Ten shares that everybody is talking about."),), 6, 40,
    ),
)  # fmt: skip


def alert_of(story: Story, client: Client, now: datetime = NOW) -> Alert:
    """Return the alert that the story raises for ``client``."""
    watch = next(watch for watch in client.watches if watch.entity_id == story.entity_id)
    story_id = content_id("sty", story.headline)
    evidence = tuple(
        Evidence(
            item_id=content_id("itm", story.headline, publisher), publisher=publisher, host=None,
            url=f"https://{publisher.lower().replace(' ', '-')}.example/{story.entity_id}", title=story.headline,
            quote=quote, published_at=now - timedelta(hours=2 + index), source_grade=grade, status=status,
            basis=basis, attributed_to=story.name if basis == "company" else None, origin=story.name
            if basis == "company" else publisher,
            spans=(Span(field="title", start=0, end=len(story.name), text=story.name),),
        )
        for index, (publisher, grade, status, basis, quote) in enumerate(story.evidence)
    )  # fmt: skip
    first = story.evidence[0]
    return Alert(
        id=content_id("alr", client.id, story_id, story.verdict), client_id=client.id, story_id=story_id,
        entity_id=story.entity_id, entity_name=story.name, stance=watch.stance, verdict=story.verdict,
        headline=story.headline, kind=story.kind, direction=story.direction,
        urgency="urgent" if story.urgent else "normal", source_grade=first[1], information_grade=story.information,
        relevance=0.8, origins=len(evidence), evidence=evidence, if_they_ask=story.asked,
        reasons=(
            Reason(rule="stance", saw=f"{story.name} in the book", concluded=watch.stance,
                   text=f"{client.name} has {story.name} in the book."),
            Reason(rule="credibility", saw=f"{len(evidence)} origins", concluded=str(story.information),
                   text=f"{first[0]} says so; the information is graded {story.information}."),
            Reason(rule="verdict", saw=f"grade {story.information}", concluded=story.verdict,
                   text="It is an advertisement, so it is left out." if story.verdict == "ignore"
                   else "It matters to what the client owns."),
        ),
        raised_at=now - timedelta(hours=1), deadline_at=now + timedelta(hours=story.hours),
    )  # fmt: skip


def book_events(people: Sequence[Client] = (), now: datetime = NOW) -> Iterator[AnyEvent]:
    """Yield the client book as events."""
    for client in people or clients():
        changed = ClientChanged(client=client, firm=FIRM, manager=MANAGERS[client.manager_id], revision=1)
        yield event(changed, key=client.id, id=content_id("evt", client.id), source="test", time=now)


def seed_events(now: datetime = NOW) -> Iterator[AnyEvent]:
    """Yield the book, an alert for each client and story that concern each other, and the drafts."""
    yield from book_events(now=now)
    playbooks = Playbooks.shipped()
    for client in clients():
        for story in STORIES:
            if story.entity_id not in {watch.entity_id for watch in client.watches}:
                continue
            alert = alert_of(story, client, now)
            raised = AlertRaised(alert=alert)
            yield event(raised, key=client.id, id=content_id("evt", alert.id), source="test", time=now)
            if story.verdict in ("tell", "warn", "correct"):
                brief = Brief(alert, client, FIRM, MANAGERS[client.manager_id], now, _told(alert, now))
                yield _drafted(brief, compose(brief, playbooks, send_after=now), now)


def _told(alert: Alert, now: datetime) -> DraftedStory | None:
    """Return the earlier message that a correction corrects."""
    if alert.verdict != "correct":
        return None
    return DraftedStory(
        draft_id=content_id("drf", "earlier", alert.id), alert_id=content_id("alr", "earlier", alert.id),
        story_id=alert.story_id, entity_id=alert.entity_id, revision=0, verdict="tell", item_ids=("itm_earlier",),
        publisher="The Financial Ledger", quote="Meridia Bank cuts its dividend by half",
        drafted_at=now - timedelta(days=2), sent_at=now - timedelta(days=2),
    )  # fmt: skip


def _drafted(brief: Brief, made: object, now: datetime) -> AnyEvent:
    alert = brief.alert
    if isinstance(made, Composed) and not brief.client.contact.do_not_contact:
        made_id = content_id("evt", made.draft.id)
        return event(DraftCreated(draft=made.draft), key=alert.client_id, id=made_id, source="test", time=now)
    reason, detail = getattr(made, "reason", "do_not_contact"), getattr(made, "detail", "The client is on leave.")
    refused = DraftRefused(
        alert_id=alert.id, client_id=alert.client_id, story_id=alert.story_id, reason=reason, detail=detail
    )
    return event(refused, key=alert.client_id, id=content_id("evt", "no", alert.id), source="test", time=now)
