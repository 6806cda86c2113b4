"""The suggestion that a client is upset, from the contacts on record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import RowMapping

from schemas.clients import Client
from services.notifier.contact.mood import ConversationNote, MoodSuggestion, suggest_mood

__all__ = ["mood_suggestion"]


def mood_suggestion(client: Client, contacts: Iterable[RowMapping], now: datetime) -> MoodSuggestion | None:
    """Return the suggestion for ``client`` from what was noted on conversations and replies, not on messages sent."""
    notes = [
        ConversationNote(contact["at"], "\n".join(filter(None, (contact["summary"], contact["opinion"]))))
        for contact in contacts
        if contact["outcome"] != "sent"
    ]
    return suggest_mood(client, notes, now)
