"""Runs playbooks on invented news: the draft for any combination of event, stance, client and verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from schemas.alerts import Alert, Evidence
from schemas.clients import STANCE_OF, Client, Desire, Firm, Manager, Note, Risk, Stance, Trade, Watch
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily, Firmness, Outlook, Reading, ReadingConfidence, Role, Weight
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.compose import Composed, Refusal, compose, told_brief
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.playbook_rules import Size, Urgency
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition

__all__ = ["MESSAGE_VERDICTS", "DryRunCase", "MessageVerdict", "brief_for", "dry_run"]

MessageVerdict = Literal["tell", "information", "warn", "correct"]
#: The verdicts that lead to a message.
MESSAGE_VERDICTS: tuple[MessageVerdict, ...] = get_args(MessageVerdict)
_OUTLOOK: dict[Direction, Outlook] = {"positive": "good", "negative": "bad", "neutral": "mixed", "unclear": "unclear"}
_RIVALS: dict[Direction, Direction] = {"positive": "negative", "negative": "positive"}
_WEIGHT: dict[Size, Weight] = {"major": "major", "moderate": "worth", "minor": "minor"}
_KIND_OF = {stance: kind for kind, stance in reversed(STANCE_OF.items())}


@dataclass(frozen=True, slots=True)
class DryRunCase:
    """One combination. ``desires`` are names, ``words`` the first one in the client's words, ``view`` their view.

    ``risk`` None is a client whose risk tolerance is not known. With a ``role``, the news has a reading, of a
    ``status`` (default: a fact) and a ``family`` (default: the kind's).
    ``says`` is the news in one sentence, instead of the invented one, with ``{name}`` for the thing watched.
    """

    trade: Trade
    kind: EventKind
    stance: Stance
    direction: Direction = "negative"
    desires: tuple[str, ...] = ()
    words: str | None = None
    risk: Risk | None = None
    verdict: MessageVerdict = "tell"
    size: Size = "moderate"
    urgency: Urgency = "normal"
    jargon: Literal["plain", "some", "expert"] = "plain"
    mood: Literal["calm", "upset"] = "calm"
    view: str | None = None
    manager: str = "mara"
    update: bool = False
    role: Role | None = None
    status: Firmness | None = None
    family: EventFamily | None = None
    says: str = ""


def dry_run(case: DryRunCase, playbooks: Playbooks, now: datetime) -> Composed | Refusal:
    """Return the draft for ``case`` as the product would write it at ``now``."""
    return compose(told_brief(brief_for(case, now, playbooks.trades), playbooks), playbooks, send_after=now)


def brief_for(case: DryRunCase, now: datetime, trades: Trades | None = None) -> Brief:
    """Return what that draft is written from. ``trades`` are those in force, by default those that ship."""
    trades = trades or Trades.shipped()
    trade = trades.of(case.trade)
    name = trade.examples.names.get(case.stance) or str(_raw()["names"][case.stance])
    watch = Watch(
        entity_id=f"trial-{case.stance}",
        name=name,
        kind=_KIND_OF[case.stance],
        weight=0.12 if case.stance == "holds" and trade.assets.default == "holding" else None,
    )
    client = _client(case, watch)
    alert = _alert(case, client, watch, now, trade)
    firm = Firm(name=trade.examples.firm, trade=case.trade)
    manager = Manager(id=case.manager, name="Mara Lindqvist", title=trade.examples.title)
    return Brief(alert, client, firm, manager, now, _earlier(case, alert, now, trade), trades=trades)


def _client(case: DryRunCase, watch: Watch) -> Client:
    names = [name.replace(" ", "_") for name in case.desires]
    desires = tuple(Desire(name=name, words=case.words if at == 0 else None) for at, name in enumerate(names))
    return Client(
        id="claire-arnaud",
        name="Claire Arnaud",
        salutation="Ms Arnaud",
        manager_id=case.manager,
        trade=case.trade,
        desires=desires,
        risk=case.risk,
        jargon=case.jargon,
        mood=case.mood,
        views=(Note(text=case.view, question=f"{watch.name}?"),) if case.view else (),
        assets=(watch,) if watch.is_asset else (),
        interests=() if watch.is_asset else (watch,),
    )


def _alert(case: DryRunCase, client: Client, watch: Watch, now: datetime, trade: TradeDefinition) -> Alert:
    corrects = case.verdict == "correct"
    title, quote = _title_and_quote(case, watch.name, trade, denied=corrects)
    unconfirmed = case.verdict == "warn"
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
        id=f"trial-{case.kind}-{case.stance}-{case.verdict}",
        client_id=client.id,
        story_id=f"trial-{case.kind}",
        entity_id=watch.entity_id,
        entity_name=watch.name,
        stance=case.stance,
        verdict=case.verdict,
        headline=title,
        kind=case.kind,
        direction=case.direction,
        size=case.size,
        urgency=case.urgency,
        source_grade="C" if unconfirmed else "A",
        information_grade=5 if corrects else 3 if unconfirmed else 2,
        relevance=0.8,
        origins=1,
        reasons=(),
        evidence=(evidence,),
        raised_at=now,
        deadline_at=now + timedelta(hours=24),
        reading=_reading(case, watch) if case.role is not None else None,
    )


def _reading(case: DryRunCase, watch: Watch) -> Reading:
    assert case.role is not None  # noqa: S101 - checked by the caller
    sure = ReadingConfidence(role=1, kind=1, genre=1, status=1, direction=1, weight=1)
    return Reading(
        item_id="trial-item",
        entity_id=watch.entity_id,
        role=case.role,
        kind=case.family or FAMILY_OF[case.kind],
        genre="news",
        status=case.status or "fact",
        direction=_OUTLOOK[
            _RIVALS.get(case.direction, case.direction) if case.stance == "competes" else case.direction
        ],
        weight=_WEIGHT[case.size],
        tell_score=0.9,
        confidence=sure,
    )


def _earlier(case: DryRunCase, alert: Alert, now: datetime, trade: TradeDefinition) -> DraftedStory | None:
    """Return what the client was told two days before, if ``case`` corrects or continues it."""
    if case.verdict != "correct" and not case.update:
        return None
    sent = now - timedelta(days=2)
    return DraftedStory(
        draft_id="trial-earlier",
        alert_id="trial-alert-earlier",
        story_id=alert.story_id,
        entity_id=alert.entity_id,
        revision=0,
        verdict="warn" if case.update else "tell",
        item_ids=("trial-item-earlier",),
        publisher="The Market Post",
        quote=_title_and_quote(case, alert.entity_name, trade, denied=False)[1].rstrip("."),
        drafted_at=sent,
        sent_at=sent,
    )


def _title_and_quote(case: DryRunCase, name: str, trade: TradeDefinition, *, denied: bool) -> tuple[str, str]:
    raw = _raw()
    if case.says and not denied:
        return _sentence(case.says, name).rstrip("."), _sentence(case.says, name)
    title, quote = raw["denied"] if denied else trade.examples.news.get(case.kind) or raw["news"][case.kind]
    return _sentence(title, name), _sentence(quote, name)


def _sentence(text: str, name: str) -> str:
    sentence = text.replace("{name}", name)
    return sentence[:1].upper() + sentence[1:]


def _raw() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("dry_run.yaml")
    return raw
