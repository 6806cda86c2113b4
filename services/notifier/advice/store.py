"""Records opinions at the moment at which they are sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from schemas.drafts import Advice, Draft
from services.common.db import upsert
from services.notifier.advice.tables import advice
from services.notifier.drafting.opinion import split_basis
from services.notifier.tables import drafts

__all__ = ["appears_in", "opinions_in", "record_opinions"]


def record_opinions(connection: Connection, draft_id: str, sent_at: datetime) -> None:
    """Record the opinions of a sent draft. Only the first time counts; a second channel adds nothing."""
    row = connection.execute(select(drafts.c.payload, drafts.c.body).where(drafts.c.id == draft_id)).first()
    if row is None:
        return
    draft = Draft.model_validate(row.payload)
    rows = [
        {
            "draft_id": draft.id,
            "alert_id": opinion.alert_id,
            "client_id": draft.client_id,
            "manager_id": draft.manager_id,
            "sent_at": sent_at,
            "playbook": opinion.playbook,
            "rule": opinion.rule,
            "text": opinion.text,
            "reworded": not appears_in(opinion.text, row.body),
        }
        for opinion in opinions_in(draft)
    ]
    upsert(connection, advice, rows, ["draft_id", "alert_id"], update=())


def opinions_in(draft: Draft) -> tuple[Advice, ...]:
    """Return the opinions of ``draft``. In drafts of older versions, the rule is a field and the opinion a part."""
    if draft.advice:
        return draft.advice
    if draft.rule is None and draft.verdict != "correct":
        return ()
    texts = [part.text for part in draft.parts if part.role == "opinion"]
    return tuple(
        Advice(alert_id=draft.alert_id, text=text, playbook=draft.playbook, rule=draft.rule) for text in texts[:1]
    )


def appears_in(text: str, body: str) -> bool:
    """Return whether ``body`` contains the opinion ``text``, which may begin differently in a message of several."""
    flat = " ".join(body.split())
    return " ".join(split_basis(text)[1].split()) in flat
