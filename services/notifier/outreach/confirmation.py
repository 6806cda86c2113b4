"""A note that confirms what was said in a conversation, in the account manager's own words. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.base import content_id
from schemas.clients import ClientChanged
from schemas.drafts import Draft, DraftPart
from schemas.interactions import InteractionLogged
from services.notifier.drafting.brief import day_of
from services.notifier.drafting.compose import greeting, message_text, signature
from services.notifier.drafting.tone import count_words, reading_seconds, review

__all__ = ["confirming_note"]

#: A confirmation that comes later reads like an afterthought.
WORTH = timedelta(days=2)
_MEETINGS = {"phone": "call", "video": "call", "meeting": "meeting", "visit": "meeting"}


def confirming_note(book: ClientChanged, contact: InteractionLogged, now: datetime) -> Draft:
    """The draft that confirms ``contact``; what was said stands in it as it was noted, for the manager to smooth."""
    client, manager = book.client, book.manager
    what, day = _MEETINGS.get(contact.channel, "conversation"), day_of(contact.at, client, now)
    said = contact.summary.strip()
    thanks = f"Thank you for our {what} on {day}. I noted the following, so that we both have it in writing:"
    parts = [
        DraftPart(role="greeting", text=greeting(client)),
        DraftPart(role="news", text=f"{thanks}\n\n{said}"),
        DraftPart(role="question", text="Have I understood you rightly?"),
        DraftPart(role="signature", text=signature(manager, book.firm.name)),
    ]
    if (note := book.firm.compliance_for(client.trade, client.jurisdiction)) is not None:
        parts.append(DraftPart(role="compliance", text=note.strip()))
    subject = f"Our {what} on {day}"
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
        findings=review(f"{subject}.\n\n{message_text(parts)}", client, closely=True),
        words=words,
        reading_seconds=reading_seconds(words),
        notes=("It confirms what you noted; nothing in it comes from the news.",),
        urgency="normal",
        created_at=now,
        send_after=now,
        deadline_at=now + WORTH,
    )
