"""Tries playbooks on invented news: the draft that any combination of event, stance, client and verdict would get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from schemas.alerts import Alert, Evidence
from schemas.clients import STANCE_OF, Client, Desire, Firm, Manager, Note, Risk, Stance, Trade, Watch
from schemas.mentions import Direction, EventKind
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.compose import Composed, Refusal, compose
from services.notifier.drafting.data import shipped_yaml
from services.notifier.drafting.playbooks import Playbooks, Size, Urgency

__all__ = ["TOLD", "Trial", "brief_of", "rendered"]

#: The verdicts that lead to a message.
TOLD: tuple[Literal["tell", "warn", "correct"], ...] = ("tell", "warn", "correct")
_KIND_OF = {stance: kind for kind, stance in reversed(STANCE_OF.items())}
_FIRMS: dict[Trade, str] = {
    "wealth": "Harbour & Vane",
    "it": "Lindqvist Systems",
    "agency": "Studio Arden",
    "legal": "Moreau Stahl",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One combination. ``desires`` are names; ``words`` is the first in the client's own words; ``view`` theirs."""

    trade: Trade
    kind: EventKind
    stance: Stance
    direction: Direction = "negative"
    desires: tuple[str, ...] = ()
    words: str | None = None
    risk: Risk = "moderate"
    verdict: Literal["tell", "warn", "correct"] = "tell"
    size: Size = "moderate"
    urgency: Urgency = "normal"
    jargon: Literal["plain", "some", "expert"] = "plain"
    mood: Literal["calm", "upset"] = "calm"
    view: str | None = None
    manager: str = "mara"
    update: bool = False


def rendered(trial: Trial, playbooks: Playbooks, now: datetime) -> Composed | Refusal:
    """The draft for ``trial`` as the product would write it at ``now``."""
    return compose(brief_of(trial, now), playbooks, send_after=now)


def brief_of(trial: Trial, now: datetime) -> Brief:
    """What that draft is written from."""
    raw = _raw()
    name = str(raw["names"][trial.stance])
    watch = Watch(
        entity_id=f"trial-{trial.stance}",
        name=name,
        kind=_KIND_OF[trial.stance],
        weight=0.12 if trial.stance == "holds" and trial.trade == "wealth" else None,
    )
    client = _client(trial, watch)
    alert = _alert(trial, client, watch, now)
    firm = Firm(name=_FIRMS[trial.trade], trade=trial.trade)
    manager = Manager(id=trial.manager, name="Mara Lindqvist", title="Senior adviser")
    return Brief(alert, client, firm, manager, now, _earlier(trial, alert, now))


def _client(trial: Trial, watch: Watch) -> Client:
    names = [name.replace(" ", "_") for name in trial.desires]
    desires = tuple(Desire(name=name, words=trial.words if at == 0 else None) for at, name in enumerate(names))
    return Client(
        id="claire-arnaud",
        name="Claire Arnaud",
        salutation="Ms Arnaud",
        manager_id=trial.manager,
        trade=trial.trade,
        desires=desires,
        risk=trial.risk,
        jargon=trial.jargon,
        mood=trial.mood,
        views=(Note(text=trial.view, question=f"{watch.name}?"),) if trial.view else (),
        assets=(watch,) if watch.is_asset else (),
        interests=() if watch.is_asset else (watch,),
    )


def _alert(trial: Trial, client: Client, watch: Watch, now: datetime) -> Alert:
    corrects = trial.verdict == "correct"
    title, quote = _said(trial, watch.name, denied=corrects)
    unconfirmed = trial.verdict == "warn"
    publisher, source = (
        ("The Market Post", "people familiar with the matter") if unconfirmed else ("Northgate Wire", None)
    )
    evidence = Evidence(
        item_id="trial-item",
        publisher=publisher,
        title=title,
        quote=quote,
        published_at=now - timedelta(hours=2),
        source_grade="C" if unconfirmed else "A",
        status="hedged" if unconfirmed else "denied" if corrects else "asserted",
        basis="unnamed" if unconfirmed else "own",
        attributed_to=source,
        origin=publisher,
    )
    return Alert(
        id=f"trial-{trial.kind}-{trial.stance}-{trial.verdict}",
        client_id=client.id,
        story_id=f"trial-{trial.kind}",
        entity_id=watch.entity_id,
        entity_name=watch.name,
        stance=trial.stance,
        verdict=trial.verdict,
        headline=title,
        kind=trial.kind,
        direction=trial.direction,
        size=trial.size,
        urgency=trial.urgency,
        source_grade="C" if unconfirmed else "A",
        information_grade=5 if corrects else 3 if unconfirmed else 2,
        relevance=0.8,
        origins=1,
        reasons=(),
        evidence=(evidence,),
        raised_at=now,
        deadline_at=now + timedelta(hours=24),
    )


def _earlier(trial: Trial, alert: Alert, now: datetime) -> DraftedStory | None:
    """What the client was told two days before, where this corrects or continues it."""
    if trial.verdict != "correct" and not trial.update:
        return None
    sent = now - timedelta(days=2)
    return DraftedStory(
        draft_id="trial-earlier",
        alert_id="trial-alert-earlier",
        story_id=alert.story_id,
        entity_id=alert.entity_id,
        revision=0,
        verdict="warn" if trial.update else "tell",
        item_ids=("trial-item-earlier",),
        publisher="The Market Post",
        quote=_said(trial, alert.entity_name, denied=False)[1].rstrip("."),
        drafted_at=sent,
        sent_at=sent,
    )


def _said(trial: Trial, name: str, *, denied: bool) -> tuple[str, str]:
    raw = _raw()
    title, quote = raw["denied"] if denied else raw["news"][trial.kind]
    return _sentence(title, name), _sentence(quote, name)


def _sentence(text: str, name: str) -> str:
    said = text.replace("{name}", name)
    return said[:1].upper() + said[1:]


def _raw() -> dict[str, Any]:
    raw: dict[str, Any] = shipped_yaml("trial.yaml")
    return raw
