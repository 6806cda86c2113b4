"""Merges stories for one client into one message, if a reader sees why they come together and it stays short. Pure.

They are about one watched name or of one kind, or both are plain information; one subject tells the news of each; and
a message gives one piece of advice. Confirmed and unconfirmed stories are not mixed, so that the subject can say which
they are. Corrections and urgent news are always messages of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from schemas.alerts import Alert
from schemas.base import content_id
from schemas.clients import Client, Stance
from schemas.drafts import Advice, Draft, DraftPart, Finding, Grounding
from schemas.mentions import FAMILY_OF
from services.notifier.drafting.brief import pick
from services.notifier.drafting.compose import message_text
from services.notifier.drafting.corroboration import without_weak_evidence
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.first_sentence import short_subject
from services.notifier.drafting.news import without_quotation
from services.notifier.drafting.public_acts import UNCONFIRMED, subject_prefix
from services.notifier.drafting.tone import count_words, reading_seconds
from services.notifier.outreach.record import Message, StoryDraft, budget_of

__all__ = ["are_alike", "assemble", "belong_together", "may_join"]

MAX_STORIES = 3
#: The words of a merged message, the characters of its subject, and those of the clause on each story in it.
MERGED_WORDS, SUBJECT_CHARACTERS, CLAUSE_CHARACTERS = 120, 120, 55
#: The opinion on a story where the same was said of another one.
SAME_OPINION = "I would say the same of {name}."
#: Families of kinds that say nothing about why two stories come together.
_OPEN_FAMILIES = frozenset(("other", "none", "event"))
#: What is wider than a name: two stories about a country or a subject have little in common, or are one.
_WIDE: frozenset[Stance] = frozenset(("operates_in", "follows", "regulated_by"))
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


def belong_together(story: StoryDraft, other: StoryDraft) -> bool:
    """Return whether a reader sees why two stories are in one message: they are about one thing or of one kind.

    Not both: two stories of one kind on one name would seem to be the same news. Plain information goes together as
    well. Two opinions go together only if they are the same on two names, and are told once: a message with two pieces
    of advice is two messages.
    """
    opinions = _opinion(story), _opinion(other)
    if not any(opinions):
        return True
    of_one_name = story.alert.entity_id == other.alert.entity_id
    if of_one_name and story.alert.stance in _WIDE:
        return False
    if all(opinions) and (of_one_name or story.draft.rule != other.draft.rule or opinions[0] != opinions[1]):
        return False
    family = FAMILY_OF[story.alert.kind]
    of_one_kind = family == FAMILY_OF[other.alert.kind]
    return not of_one_kind if of_one_name else of_one_kind and family not in _OPEN_FAMILIES


def _opinion(story: StoryDraft) -> str:
    """Return the opinion in a story's draft without the watched name; empty if it gives none."""
    text = next((part.text for part in story.draft.parts if part.role == "opinion"), "")
    return text.replace(story.alert.entity_name, "")


def assemble(stories: Sequence[StoryDraft], client: Client, now: datetime, send_after: datetime) -> Draft | None:
    """Return one message of ``stories``; None if they do not belong together or it gets too long to read.

    A single story is its own message. To save words, quotations beside the news are left out, and then what it means.
    """
    if len(stories) == 1:
        return stories[0].draft
    ranked = sorted(stories, key=_rank)
    subject = _subject(ranked, client)
    if subject is None or not all(belong_together(story, other) for story, other in combinations(ranked, 2)):
        return None
    limit = min(MERGED_WORDS, _words_in(client.contact.minutes_per_contact))
    for with_meaning in (True, False):
        parts = _parts(ranked, with_meaning)
        words = count_words(message_text(parts))
        if words <= limit:
            return _draft(ranked, subject, parts, words, now, send_after)
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
    kept = [part for told in _without_repetition(ranked) for part in told if part.role in roles]
    stories = [part.model_copy(update={"text": without_quotation(part.text)}) for part in kept]
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


def _without_repetition(ranked: Sequence[StoryDraft]) -> list[list[DraftPart]]:
    """Return the parts of each story, where an opinion that was given is said once."""
    told = []
    for story, again in zip(ranked, _repeats(ranked), strict=True):
        kept = []
        for part in story.draft.parts:
            if part.role == "meaning" and again:
                continue
            if part.role == "opinion" and again:
                part = part.model_copy(update={"text": SAME_OPINION.format(name=story.alert.entity_name)})
            kept.append(part)
        told.append(kept)
    return told


def _repeats(ranked: Sequence[StoryDraft]) -> list[bool]:
    """Return for each story whether its opinion was given on one before it."""
    opinions = [_opinion(story) for story in ranked]
    return [bool(opinion) and opinion in opinions[:index] for index, opinion in enumerate(opinions)]


def _advice(ranked: Sequence[StoryDraft]) -> Iterator[Advice]:
    """Yield the advice on each story, as it stands in the message."""
    for story, again in zip(ranked, _repeats(ranked), strict=True):
        for advice in story.draft.advice:
            said = SAME_OPINION.format(name=story.alert.entity_name) if again else advice.text
            yield advice.model_copy(update={"text": said})


def _draft(
    ranked: Sequence[StoryDraft],
    subject: str,
    parts: tuple[DraftPart, ...],
    words: int,
    now: datetime,
    send_after: datetime,
) -> Draft:
    first = ranked[0].draft
    body = "\n\n".join(part.text for part in parts)
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
            "advice": tuple(_advice(ranked)),
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


def _subject(ranked: Sequence[StoryDraft], client: Client) -> str | None:
    """Return a subject that tells the news of each story in a short clause; None if it can't."""
    clauses = [_clause(story, client) for story in ranked]
    told = [clause for clause in clauses if clause is not None]
    if len(told) < len(clauses) or len({clause.casefold() for clause in told}) < len(told):
        return None
    prefixes = {subject_prefix(story.alert) for story in ranked if story.alert.verdict == "warn"}
    prefix = next(iter(prefixes), "") if len(prefixes) < 2 else UNCONFIRMED
    whole = prefix + "; ".join(told)
    return whole if len(whole) <= SUBJECT_CHARACTERS else None


def _clause(story: StoryDraft, client: Client) -> str | None:
    """Return what happened in one short clause of the evidence; None if no item says it so."""
    return short_subject(without_weak_evidence(story.alert), client, CLAUSE_CHARACTERS)


def _groundings(ranked: Sequence[StoryDraft], text: str) -> tuple[Grounding, ...]:
    groundings = (entry for story in ranked for entry in story.draft.grounding if entry.text in text)
    return tuple(dict.fromkeys(groundings))


def _findings(ranked: Sequence[StoryDraft], text: str) -> tuple[Finding, ...]:
    findings = (entry for story in ranked for entry in story.draft.findings if entry.text in text)
    return tuple(dict.fromkeys(findings))
