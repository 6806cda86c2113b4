"""What an account manager writes down beside the messages: conversations, what a message was worth, who the client is.

Each is one transaction that publishes the event; the tables follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from schemas.base import content_id, event
from schemas.clients import ClientChanged
from schemas.drafts import DraftCreated
from schemas.interactions import Feedback, FeedbackGiven, InteractionLogged
from services.common.db import exclusive
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.contact.discovery import with_answers
from services.notifier.contact.plan import zone_of
from services.notifier.desk.actions import COMMENT_LIMIT, Conflict, Desk, NotFound, audit
from services.notifier.outreach.confirmation import confirmation_draft
from services.notifier.rewording import store as rewordings

__all__ = ["CONTACT_CHANNELS", "ContactChannel", "Relations"]

ContactChannel = Literal["phone", "video", "meeting", "visit", "letter", "chat", "email"]
CONTACT_CHANNELS: dict[ContactChannel, str] = {
    "phone": "Phone call",
    "video": "Video call",
    "meeting": "Meeting",
    "visit": "Visit",
    "chat": "Chat",
    "letter": "Letter",
    "email": "Mail from elsewhere",
}
SUMMARY_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Relations:
    """The actions of one viewer at one moment, inside the transaction of ``desk``."""

    desk: Desk

    def log_contact(
        self,
        client_id: str,
        *,
        at: datetime,
        channel: ContactChannel,
        minutes: int | None,
        summary: str,
        opinion: str = "",
        confirm: bool = False,
    ) -> str | None:
        """Note a conversation; returns the id of the draft that confirms it, where one is wanted."""
        desk, book = self.desk, self._book(client_id)
        summary = "\n".join(line.rstrip() for line in summary.replace("\r\n", "\n").split("\n")).strip()[:SUMMARY_LIMIT]
        if not summary:
            raise BadInput("Nothing is noted.", fix="Write in a sentence or two what was said.")
        if at > desk.now + timedelta(minutes=5):
            raise BadInput("The conversation lies in the future.", fix="Note it once it took place.")
        contact = InteractionLogged(
            interaction_id=content_id("int", client_id, at.isoformat(), channel, summary),
            client_id=client_id,
            manager_id=book.client.manager_id,
            at=at,
            channel=channel,
            minutes=minutes,
            summary=summary,
            outcome="other",
            opinion=opinion.strip()[:COMMENT_LIMIT] or None,
        )
        desk.publish(contact, client_id, "contact", contact.interaction_id)
        self._audit("contact.logged", contact.interaction_id, client_id, channel)
        if not confirm:
            return None
        draft = confirmation_draft(book, contact, desk.now)
        desk.publish(DraftCreated(draft=draft), client_id, "draft.created", draft.id)
        return draft.id

    def give_feedback(self, draft_id: str, feedback: Feedback, comment: str = "") -> None:
        """Say what a message was worth to the client; it moves their thresholds, within bounds."""
        desk = self.desk
        line = queries.draft(desk.connection, desk.viewer.scope, draft_id)
        if line is None:
            raise NotFound("There is no such draft.")
        if line.state != "sent" or line.alert is None:
            raise Conflict("What a message was worth can be said once it was sent.")
        given = FeedbackGiven(
            client_id=line.client_id,
            draft_id=draft_id,
            entity_id=line.alert.entity_id,
            feedback=feedback,
            comment=comment.strip()[:COMMENT_LIMIT] or None,
            by=desk.viewer.user_id,
        )
        desk.publish(given, line.client_id, "feedback", draft_id, feedback, desk.now.isoformat())
        self._audit("feedback.given", draft_id, line.client_id, feedback)

    def take_wording(self, draft_id: str, version: int) -> None:
        """Take the words that a language model proposed: an edit like any other, in the name of who took them."""
        desk = self.desk
        line = queries.draft(desk.connection, desk.viewer.scope, draft_id)
        if line is None:
            raise NotFound("There is no such draft.")
        offer = rewordings.offer(desk.connection, draft_id)
        if offer is None:
            raise Conflict("There are no other words for this draft as it stands now.")
        desk.edit(draft_id, version, line.subject, offer.body)

    def answer(self, client_id: str, answers: Mapping[str, str]) -> int:
        """Write a client's answers into the book, as notes; returns how many are new."""
        desk = self.desk
        exclusive(desk.connection, "book")
        book = self._book(client_id)
        cut = {name: text[:COMMENT_LIMIT] for name, text in answers.items()}
        client = with_answers(book.client, cut, desk.now.astimezone(zone_of(book.client)).date())
        count = len(client.views + client.history) - len(book.client.views + book.client.history)
        if not count:
            return 0
        revision = book.revision + 1
        changed = event(
            book.model_copy(update={"client": client, "revision": revision}),
            key=client_id,
            id=content_id("evt", "client", client_id, revision),  # as every change of the book: a collision is seen
            source="firstword/desk",
            time=desk.now,
        )
        if not desk.publisher.publish(desk.connection, [changed]):
            raise Conflict("The book has just changed.", fix="Go back, load the page again, and save.")
        self._audit("client.discovery", client_id, client_id, f"{count} answers")
        return count

    def _book(self, client_id: str) -> ClientChanged:
        book = queries.client(self.desk.connection, self.desk.viewer.scope, client_id)
        if book is None:
            raise NotFound("There is no such client.")
        return book

    def _audit(self, action: str, subject: str, client_id: str, detail: str) -> None:
        desk = self.desk
        audit(desk.connection, desk.viewer, desk.now, action, subject, client_id, detail)
