"""Merges several stories for one client into one message, if it stays short enough to read. Pure.

Confirmed and unconfirmed stories are not mixed, so that the subject can say which they are. Corrections and urgent news
are always messages of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from schemas.alerts import Alert
from schemas.base import content_id
from schemas.clients import Client
from schemas.drafts import Draft, DraftPart, Finding, Grounding
from services.notifier.drafting.brief import pick
from services.notifier.drafting.compose import message_text
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.opinion import split_basis
from services.notifier.drafting.tone import MAX_WORDS, count_words, reading_seconds
from services.notifier.outreach.record import Message, StoryDraft, budget_of

__all__ = ["are_alike", "assemble", "may_join"]

MAX_STORIES = 3
SUBJECT_CHARACTERS = 120
_UNCONFIRMED = "Unconfirmed: "
_URGENCIES = ("urgent", "high", "normal", "low")


def are_alike(verdict: str, other: str) -> bool:
    """Return whether stories of these verdicts may be in one message; plain information is confirmed like the news."""
    confirmed = ("tell", "information")
    return verdict == other or (verdict in confirmed and other in confirmed)


def may_join(message: Message, alert: Alert, client: Client, now: datetime) -> bool:
    """Return whether ``alert`` may join ``message``: it came soon after, or before the message can be sent."""
    if message.locked or alert.urgency == "urgent" or alert.verdict == "correct":
        return False
    if not are_alike(message.verdict, alert.verdict):
        return False
    if any(story.alert.urgency == "urgent" for story in message.stories) or len(message.stories) >= MAX_STORIES:
        return False
    wait = timedelta(minutes=client.contact.merge_minutes)
    if not wait or message.deadline_at <= now:
        return False
    return now < message.opened_at + wait or now < message.send_after


def assemble(stories: Sequence[StoryDraft], client: Client, now: datetime, send_after: datetime) -> Draft | None:
    """Return one message of ``stories``; None if it takes longer to read than the client has.

    A single story is its own message. To save words, what the stories mean is left out.
    """
    if len(stories) == 1:
        return stories[0].draft
    ranked = sorted(stories, key=_rank)
    limit = min(MAX_WORDS, _words_in(client.contact.minutes_per_contact))
    for with_meaning in (True, False):
        parts = _parts(ranked, with_meaning)
        words = count_words(message_text(parts))
        if words <= limit:
            return _draft(ranked, parts, words, now, send_after)
    return None


def _rank(story: StoryDraft) -> tuple[int, datetime, float, str]:
    """Return the sort key of a story within a message: urgency, deadline, relevance."""
    alert = story.alert
    return _URGENCIES.index(alert.urgency), alert.deadline_at, -alert.relevance, alert.id


def _words_in(minutes: int) -> int:
    """Return about how many words are read in ``minutes``."""
    return next(words for words in range(minutes * 60 * 10, 0, -1) if reading_seconds(words) <= minutes * 60)


def _parts(ranked: Sequence[StoryDraft], with_meaning: bool) -> tuple[DraftPart, ...]:
    """Return the greeting, each story with its meaning and our opinion, one question, and signature and notes."""
    first = ranked[0].draft.parts
    roles = ("news", "meaning", "opinion") if with_meaning else ("news", "opinion")
    opening = [part for part in first if part.role == "greeting"]
    stories = _without_repetition([part for story in ranked for part in story.draft.parts if part.role in roles])
    standing = dict.fromkeys(part for story in ranked for part in story.draft.parts if part.role == "close")
    closing = [part for part in first if part.role in ("signature", "compliance")]
    return (*opening, *stories, _question(ranked), *standing, *closing)


def _question(ranked: Sequence[StoryDraft]) -> DraftPart:
    """Return one question about all stories. A rule's question about one story would seem to be about the last."""
    asked = [part for story in ranked for part in story.draft.parts if part.role == "question"]
    pools = phrasing().questions
    general = {text for pool in ("with_opinion", "without_opinion", "upset", "information") for text in pools[pool]}
    if all(part.text in general for part in asked):
        return asked[-1]
    first = ranked[0].alert
    return DraftPart(role="question", text=pick(pools["merged"], first.client_id, first.story_id))


def _without_repetition(parts: Sequence[DraftPart]) -> list[DraftPart]:
    """Say once what several opinions are based on."""
    bases: set[str] = set()
    kept = []
    for part in parts:
        basis, rest = split_basis(part.text) if part.role == "opinion" else ("", "")
        if basis:
            if basis in bases:
                part = part.model_copy(update={"text": f"With the same in mind, {rest}"})
            bases.add(basis)
        kept.append(part)
    return kept


def _draft(
    ranked: Sequence[StoryDraft], parts: tuple[DraftPart, ...], words: int, now: datetime, send_after: datetime
) -> Draft:
    first = ranked[0].draft
    body = "\n\n".join(part.text for part in parts)
    subject = _subject([story.draft.subject for story in ranked])
    text = f"{subject}\n{body}"
    return first.model_copy(
        update={
            "id": content_id("drf", *sorted(story.draft.id for story in ranked)),
            "subject": subject,
            "body": body,
            "parts": parts,
            "grounding": _groundings(ranked, text),
            "findings": _findings(ranked, text),
            "words": words,
            "reading_seconds": reading_seconds(words),
            "notes": tuple(dict.fromkeys(note for story in ranked for note in story.draft.notes)),
            "told_alerts": tuple(story.alert.id for story in ranked),
            "advice": tuple(advice for story in ranked for advice in story.draft.advice),
            "affects": tuple(watch for story in ranked for watch in story.draft.affects),
            "verdict": "tell" if any(story.draft.verdict == "tell" for story in ranked) else first.verdict,
            "budget": budget_of(ranked),
            "beyond_because": first.beyond_because,
            "supersedes": None,
            "supersedes_because": None,
            "created_at": now,
            "send_after": send_after,
            "deadline_at": min(story.alert.deadline_at for story in ranked),
        }
    )


def _subject(subjects: Sequence[str]) -> str:
    """Return all subjects if they fit, or the first one and that there is more."""
    bare = [subject.removeprefix(_UNCONFIRMED) for subject in subjects]
    prefix = _UNCONFIRMED if bare[0] != subjects[0] else ""
    whole = prefix + "; ".join(bare)
    return whole if len(whole) <= SUBJECT_CHARACTERS else f"{prefix}{bare[0]}, and more"


def _groundings(ranked: Sequence[StoryDraft], text: str) -> tuple[Grounding, ...]:
    groundings = (entry for story in ranked for entry in story.draft.grounding if entry.text in text)
    return tuple(dict.fromkeys(groundings))


def _findings(ranked: Sequence[StoryDraft], text: str) -> tuple[Finding, ...]:
    findings = (entry for story in ranked for entry in story.draft.findings if entry.text in text)
    return tuple(dict.fromkeys(findings))
