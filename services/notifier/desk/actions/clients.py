"""An account manager's records about a client: conversations and answers to discovery questions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from schemas.base import content_id, event
from schemas.drafts import DraftCreated
from schemas.interactions import InteractionLogged
from services.common.db import exclusive
from services.common.errors import BadInput
from services.notifier.contact.discovery import with_answers
from services.notifier.contact.plan import zone_of
from services.notifier.desk.actions.context import COMMENT_LIMIT, ActionContext
from services.notifier.desk.errors import Conflict
from services.notifier.outreach.confirmation import confirmation_draft

__all__ = ["CONTACT_CHANNELS", "ContactChannel", "log_contact", "record_answers"]

ContactChannel = Literal["phone", "video", "meeting", "visit", "letter", "chat", "email"]
CONTACT_CHANNELS: dict[ContactChannel, str] = {
    "phone": "Phone call",
    "video": "Video call",
    "meeting": "Meeting",
    "visit": "Visit",
    "chat": "Chat",
    "letter": "Letter",
    "email": "Email (outside Firstword)",
}
SUMMARY_LIMIT = 2_000
#: Clocks differ a little.
CLOCK_TOLERANCE = timedelta(minutes=5)


def log_contact(
    context: ActionContext,
    client_id: str,
    *,
    at: datetime,
    channel: ContactChannel,
    minutes: int | None,
    summary: str,
    opinion: str = "",
    confirm: bool = False,
) -> str | None:
    """Record a conversation; with ``confirm``, draft a note that confirms it, and return the draft's id."""
    entry = context.client(client_id)
    summary = "\n".join(line.rstrip() for line in summary.replace("\r\n", "\n").split("\n")).strip()[:SUMMARY_LIMIT]
    if not summary:
        raise BadInput("The summary is empty.", fix="Write in a sentence or two what was said.")
    if at > context.now + CLOCK_TOLERANCE:
        raise BadInput("The conversation is in the future.", fix="Record it once it has taken place.")
    contact = InteractionLogged(
        interaction_id=content_id("int", client_id, at.isoformat(), channel, summary),
        client_id=client_id,
        manager_id=entry.client.manager_id,
        at=at,
        channel=channel,
        minutes=minutes,
        summary=summary,
        outcome="other",
        opinion=opinion.strip()[:COMMENT_LIMIT] or None,
    )
    context.publish(contact, client_id, "contact", contact.interaction_id)
    context.audit("contact.logged", contact.interaction_id, client_id, channel)
    if not confirm:
        return None
    draft = confirmation_draft(entry, contact, context.now)
    context.publish(DraftCreated(draft=draft), client_id, "draft.created", draft.id)
    return draft.id


def record_answers(context: ActionContext, client_id: str, answers: Mapping[str, str]) -> int:
    """Add a client's answers to the book, as notes, and return the number of new ones."""
    exclusive(context.connection, "book")
    entry = context.client(client_id)
    limited = {name: text[:COMMENT_LIMIT] for name, text in answers.items()}
    client = with_answers(entry.client, limited, context.now.astimezone(zone_of(entry.client)).date())
    count = len(client.views + client.history) - len(entry.client.views + entry.client.history)
    if not count:
        return 0
    revision = entry.revision + 1
    changed = event(
        entry.model_copy(update={"client": client, "revision": revision}),
        key=client_id,
        id=content_id("evt", "client", client_id, revision),  # as for every change of the book: collisions show
        source="firstword/desk",
        time=context.now,
    )
    if not context.publisher.publish(context.connection, [changed]):
        raise Conflict("The client book has just changed.", fix="Go back, reload the page and save again.")
    context.audit("client.discovery", client_id, client_id, f"{count} answers")
    return count
