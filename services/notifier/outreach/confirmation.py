"""A message that confirms a conversation in writing, in the account manager's own words. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.base import content_id
from schemas.clients import ClientChanged
from schemas.drafts import Draft, DraftPart
from schemas.interactions import InteractionLogged
from services.notifier.drafting.brief import format_day
from services.notifier.drafting.compose import message_text, signature
from services.notifier.drafting.languages import greeting
from services.notifier.drafting.tone import count_words, reading_seconds, review
from services.notifier.trades.catalog import Trades

__all__ = ["confirmation_draft"]

#: A confirmation that is sent later reads like an afterthought.
USEFUL_FOR = timedelta(days=2)
_MEETINGS = {"phone": "call", "video": "call", "meeting": "meeting", "visit": "meeting"}


def confirmation_draft(entry: ClientChanged, contact: InteractionLogged, now: datetime, trades: Trades) -> Draft:
    """Return the draft that confirms ``contact``. It quotes the manager's notes, for the manager to edit."""
    client, manager = entry.client, entry.manager
    meeting, day = _MEETINGS.get(contact.channel, "conversation"), format_day(contact.at, client, now)
    noted = contact.summary.strip()
    thanks = f"Thank you for our {meeting} on {day}. I noted the following, so that we both have it in writing:"
    parts = [
        DraftPart(role="greeting", text=greeting(client)),
        DraftPart(role="news", text=f"{thanks}\n\n{noted}"),
        DraftPart(role="question", text="Have I understood you correctly?"),
        DraftPart(role="signature", text=signature(manager, entry.firm.name)),
    ]
    if (note := entry.firm.compliance_for(client.trade, client.jurisdiction)) is not None:
        parts.append(DraftPart(role="compliance", text=note.strip()))
    subject = f"Our {meeting} on {day}"
    words = count_words(message_text(parts))
    return Draft(
        id=content_id("drf", "confirmation", contact.interaction_id),
        alert_id="",
        story_id=contact.interaction_id,
        client_id=client.id,
        manager_id=client.manager_id,
        verdict="tell",
        purpose="confirmation",
        subject=subject,
        body="\n\n".join(part.text for part in parts),
        parts=tuple(parts),
        findings=review(f"{subject}.\n\n{message_text(parts)}", client, trades.of(client.trade), closely=True),
        words=words,
        reading_seconds=reading_seconds(words),
        notes=("It confirms your notes of the conversation and contains no news.",),
        urgency="normal",
        created_at=now,
        send_after=now,
        deadline_at=now + USEFUL_FOR,
    )
