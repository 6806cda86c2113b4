"""One takeover, seen for the holders of the buyer and of the company that is bought, and a round-up beside it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from schemas.alerts import Alert, AlertRaised, Evidence, InformationGrade, Reason, Verdict
from schemas.base import Payload, content_id, event
from schemas.clients import Stance
from schemas.drafts import Draft, DraftCreated
from schemas.mentions import EventKind
from services.common.processing import AnyEvent
from tests.desk_data import NOW

__all__ = ["DEAL", "alert", "created", "draft", "evidence", "happened", "raised"]

DEAL = "Estmere Group to buy Corvane Pharma for 3.2 billion crowns"


def evidence(name: str, *, title: str = DEAL, hours: float = 2, **more: Any) -> Evidence:
    """Return the evidence of item ``name``, published ``hours`` before :data:`NOW`."""
    facts: dict[str, Any] = {
        "item_id": f"itm_{name}", "publisher": name.title(), "title": title, "quote": title, "source_grade": "B",
        "published_at": NOW - timedelta(hours=hours), "status": "asserted", "basis": "own", "origin": name.title(),
        "supports": "claim",
    }  # fmt: skip
    return Evidence(**facts | more)


def alert(
    client_id: str,
    entity: str,
    *items: Evidence,
    story: str,
    verdict: Verdict = "tell",
    information: InformationGrade = 2,
    kind: EventKind = "takeover",
    stance: Stance = "holds",
    at: datetime = NOW,
    **more: Any,
) -> Alert:
    """Return an alert on ``story`` about ``entity`` for the client."""
    entity_id = entity.lower().replace(" ", "-")
    facts: dict[str, Any] = {
        "id": content_id("alr", client_id, story, entity, verdict, at.isoformat()), "client_id": client_id,
        "story_id": story, "entity_id": entity_id, "entity_name": entity, "stance": stance, "verdict": verdict,
        "headline": items[0].title, "kind": kind, "direction": "positive", "urgency": "normal", "source_grade": "B",
        "information_grade": information, "relevance": 0.8, "origins": len(items), "evidence": items,
        "raised_at": at, "deadline_at": at + timedelta(hours=9), "grade_rules": ("good-source",),
        "reasons": (
            Reason(rule="believed", saw="", concluded=verdict, text=f"It matters to {client_id}."),
            Reason(rule="good-source", saw="", concluded="", text="A reliable source states it as a fact."),
            Reason(rule="relevance", saw="", concluded="", text=f"{client_id} holds {entity}."),
        ),
    }  # fmt: skip
    return Alert(**facts | more)


def raised(found: Alert) -> AnyEvent:
    """Return the event that raised the alert."""
    return _event(AlertRaised(alert=found), found.client_id, found.id, found.raised_at)


def draft(found: Alert, *others: Alert, at: datetime = NOW, **more: Any) -> Draft:
    """Return a draft that tells the alert, and the others in the same message."""
    facts: dict[str, Any] = {
        "id": content_id("drf", found.id, at.isoformat()), "alert_id": found.id, "story_id": found.story_id,
        "client_id": found.client_id, "manager_id": "mara", "verdict": found.verdict, "subject": found.headline,
        "body": found.headline, "parts": (), "words": 8, "reading_seconds": 3, "urgency": "normal", "created_at": at,
        "send_after": at + timedelta(hours=1), "deadline_at": at + timedelta(hours=9),
        "told_alerts": tuple(told.id for told in (found, *others)) if others else (),
    }  # fmt: skip
    return Draft(**facts | more)


def created(made: Draft) -> AnyEvent:
    """Return the event that the draft waits for a decision."""
    return _event(DraftCreated(draft=made), made.client_id, made.id, made.created_at)


def happened(data: Payload, client_id: str, at: datetime = NOW) -> AnyEvent:
    """Return an event with any other data about the client."""
    return _event(data, client_id, data.model_dump_json(), at)


def _event(data: Payload, client_id: str, identity: str, at: datetime) -> AnyEvent:
    return event(data, key=client_id, id=content_id("evt", identity), source="test", time=at)
