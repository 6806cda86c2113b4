"""Keeps each opinion at the moment at which it goes out."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from schemas.drafts import Advice, Draft
from services.common.db import upsert
from services.notifier.advice.tables import advice
from services.notifier.tables import drafts

__all__ = ["given_in", "keep_advice", "stands_in"]


def keep_advice(connection: Connection, draft_id: str, sent_at: datetime) -> None:
    """Keep the opinions of a draft that was sent. The first time counts: a second channel is no second opinion."""
    found = connection.execute(select(drafts.c.payload, drafts.c.body).where(drafts.c.id == draft_id)).first()
    if found is None:
        return
    draft = Draft.model_validate(found.payload)
    rows = [
        {
            "draft_id": draft.id,
            "alert_id": one.alert_id,
            "client_id": draft.client_id,
            "manager_id": draft.manager_id,
            "sent_at": sent_at,
            "playbook": one.playbook,
            "rule": one.rule,
            "text": one.text,
            "reworded": not stands_in(one.text, found.body),
        }
        for one in given_in(draft)
    ]
    upsert(connection, advice, rows, ["draft_id", "alert_id"], update=())


def given_in(draft: Draft) -> tuple[Advice, ...]:
    """The opinions that ``draft`` gives. One that an older version wrote names its rule, and has it among its parts."""
    if draft.advice:
        return draft.advice
    if draft.rule is None and draft.verdict != "correct":
        return ()
    said = (part.text for part in draft.parts if part.role == "opinion")
    return tuple(
        Advice(alert_id=draft.alert_id, text=text, playbook=draft.playbook, rule=draft.rule) for text in list(said)[:1]
    )


def stands_in(text: str, body: str) -> bool:
    """Whether ``body`` gives the opinion ``text``. In a message of several stories, it may begin in another way."""
    rest = text.partition(" risk, ")[2]
    flat = " ".join(body.split())
    return " ".join((rest or text).split()) in flat
