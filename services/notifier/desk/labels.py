"""Words for account managers in place of codes, grades and moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.deliveries import DeliveryStatus
from schemas.drafts import DraftState
from schemas.event_views import EventStatus, EvidencePosition, TellingState
from schemas.items import ArticleReading
from services.notifier.advice.outcomes import SentOpinion
from services.notifier.client_book.duplicates import KeyKind
from services.notifier.gate.policy import Effect
from services.notifier.triage.snooze import SNOOZES

__all__ = [
    "ADVICE_BY",
    "ADVICE_NEXT",
    "ADVICE_STORY",
    "ATTEMPT",
    "BASIS",
    "BOOK_CHANGE",
    "CONTACT_DECISION",
    "DELIVERY",
    "DISMISS_REASONS",
    "EVENT_STATUS",
    "FEEDBACK",
    "GATE_EFFECT",
    "IMPORT_STATUS",
    "INFORMATION",
    "OUTCOMES",
    "POSITION",
    "SNOOZES",
    "SOURCE",
    "STANCE",
    "STATE",
    "STATUS",
    "TELLING",
    "URGENCY",
    "VERDICT",
    "advice_answer",
    "advice_group",
    "ago",
    "articles",
    "channel",
    "contact_kind",
    "deadline",
    "moment",
    "outcome",
    "sentence",
    "shared",
    "telling_reason",
    "zone",
]

VERDICT = {
    "tell": "News",
    "information": "For information",
    "warn": "Unconfirmed",
    "hold": "Rumor",
    "correct": "Correction",
    "ignore": "Ignored",
}
#: Changes of a client's entry (services.notifier.client_book.history.ChangeAction).
BOOK_CHANGE = {
    "added": "Added",
    "edited": "Edited",
    "archived": "Archived",
    "restored": "Restored",
    "imported": "Imported from a file",
    "undone": "Import undone",
    "removed": "Removed",
    "book": "Client book imported",
    "merged": "Merged with another entry of theirs",
}
#: What entries of one client share (services.notifier.client_book.duplicates.KeyKind).
_SHARED: Mapping[KeyKind, str] = {"email": "email address", "phone": "phone number", "name": "name"}
#: Imports of clients (services.notifier.client_import.store.ImportStatus).
IMPORT_STATUS = {
    "checked": "Checked",
    "applying": "Importing",
    "applied": "Imported",
    "undoing": "Undoing",
    "undone": "Undone",
}
#: After the Admiralty scale (NATO STANAG 2511), shortened.
SOURCE = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability unknown",
}
INFORMATION = {
    1: "confirmed",
    2: "probably true",
    3: "possibly true",
    4: "doubtful",
    5: "contradicted or denied",
    6: "truth cannot be judged",
}
#: How firm an event stands.
EVENT_STATUS: Mapping[EventStatus, str] = {
    "confirmed": "Confirmed",
    "probable": "Probably true",
    "unconfirmed": "Unconfirmed",
    "contested": "Contested",
    "false": "False",
    "unjudged": "Not judged",
}
#: What an item does for an event.
POSITION: Mapping[EvidencePosition, str] = {
    "reports": "reports it",
    "repeats": "repeats another report",
    "denies": "denies it",
    "withdraws": "withdraws its report",
    "background": "is background",
}
#: What a client was or will be told.
TELLING: Mapping[TellingState, str] = {
    "told": "Told",
    "approved": "Approved, waiting to be sent",
    "sending": "Being sent",
    "unknown": "May not have arrived",
    "failed": "Could not be sent",
    "open": "Draft to decide",
    "postponed": "Postponed",
    "held": "Held",
    "also_noticed": "Also noticed",
    "covered": "Told in another message",
    "not_told": "Not told",
    "dismissed": "Dismissed",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
    "ignored": "Ignored",
    "undecided": "Not processed yet",
}
STATUS = {
    "asserted": "stated as fact",
    "hedged": "reported with reservations",
    "denied": "denied",
    "retracted": "retracted",
}
BASIS = {
    "regulator": "according to a regulator",
    "court": "according to a court or court papers",
    "filing": "according to a filing",
    "company": "according to the company",
    "person": "according to a person or an official",
    "researcher": "according to researchers or analysts",
    "unnamed": "according to unnamed sources",
    "wire": "according to a news agency",
    "outlet": "according to another publisher",
    "own": "own reporting",
}
STANCE = {
    "holds": "holds",
    "uses": "uses",
    "supplied_by": "is supplied by",
    "operates_in": "has a site in",
    "contracts_with": "has a contract with",
    "competes": "competes with",
    "regulated_by": "is regulated by",
    "follows": "follows",
}
URGENCY = {"urgent": "Urgent", "high": "High", "normal": "Normal", "low": "Low"}
GATE_EFFECT: Mapping[Effect, str] = {
    "block": "Must be changed",
    "second_person": "Needs a second person",
    "reason": "Needs a reason",
    "warn": "Worth a look",
}
STATE: Mapping[DraftState, str] = {
    "open": "new",
    "edited": "edited",
    "second": "waiting for a second approval",
    "approved": "waiting to be sent",
    "sending": "being sent",
    "sent": "sent",
    "failed": "could not be sent",
    "unknown": "may not have arrived",
    "dismissed": "dismissed",
    "withdrawn": "withdrawn",
    "expired": "expired",
}
DELIVERY: Mapping[DeliveryStatus, str] = {
    "pending": "waiting to be sent",
    "sending": "being sent",
    "delivered": "sent",
    "failed": "could not be sent",
    "unknown": "may not have arrived",
}
#: The end of one delivery attempt; None while it runs.
ATTEMPT: Mapping[str | None, str] = {
    "delivered": "sent",
    "retry": "failed, will be tried again",
    "rejected": "rejected",
    "unknown": "may not have arrived",
    None: "in progress",
}
#: The contact policy's decisions.
CONTACT_DECISION = {
    "waits": "postponed",
    "merged": "merged",
    "dropped": "left out",
    "kept": "already in touch",
    "chosen": "told after all",
    "nothing_to_say": "contact due",
}
DISMISS_REASONS = {
    "not_useful": "Not useful to this client",
    "wrong_client": "Wrong client",
    "wrong_fact": "A fact is wrong",
    "too_late": "Too late",
    "too_many": "Too many messages to this client",
    "already_told": "The client knows already",
    "other": "Another reason",
}
FEEDBACK = {
    "useful": "Useful",
    "not_useful": "Not useful to this client",
    "too_many": "One message too many",
    "wrong_client": "Not relevant to this client",
    "too_late": "It came too late",
    "wrong_fact": "A fact was wrong",
}
OUTCOMES = {
    "replied": "Replied",
    "acted": "Acted on it",
    "disagreed": "Disagreed",
    "no_answer": "No answer",
    "other": "Other",
}
_CHANNEL = {"email": "Email", "slack": "Slack", "teams": "Microsoft Teams", "clipboard": "By hand"}

ADVICE_BY = {
    "rule": "rule",
    "kind": "kind of event",
    "stance": "the client's relation",
    "client": "client",
    "manager": "account manager",
}
ADVICE_STORY = {
    "confirmed": "The story was confirmed.",
    "corrected": "The story turned out to be false.",
    "went_on": "The story continued.",
    "quiet": "No further news on the story.",
}
ADVICE_NEXT = {
    "same": "The next news pointed the same way.",
    "other": "The next news pointed the other way.",
}

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def zone(name: str) -> ZoneInfo:
    """Return the time zone called ``name``; UTC if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment(when: datetime | None, tz: ZoneInfo, now: datetime) -> str:
    """Format a moment: ``today 14:30 CET``, ``Fri 6 Feb 09:00 CET``; with the year if it isn't the current one."""
    if when is None:
        return "never"
    local, today = when.astimezone(tz), now.astimezone(tz).date()
    clock = f"{local:%H:%M} {local:%Z}"
    for days, name in ((0, "today"), (1, "tomorrow"), (-1, "yesterday")):
        if local.date() == today + timedelta(days=days):
            return f"{name} {clock}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year} {clock}"


def advice_group(by: str, name: str) -> str:
    """Return the heading of a group of opinions."""
    if by == "stance":
        return f"the client {STANCE.get(name, name)}"
    if by == "rule":
        name = name.replace(",", ", ").replace("/", " / ")
    return name.replace("_", " ") if by in ("kind", "rule") else name


def advice_answer(opinion: SentOpinion) -> str:
    """Describe the client's reaction to an opinion, and its rating, as far as they were recorded."""
    answer = sentence(OUTCOMES[opinion.answer]) if opinion.answer in OUTCOMES else "No reaction recorded."
    return f"{answer} {sentence(FEEDBACK[opinion.feedback])}" if opinion.feedback in FEEDBACK else answer


def channel(name: str) -> str:
    """Return the name of a channel as people know it."""
    return _CHANNEL.get(name, name.capitalize())


def contact_kind(outcome: str, draft_id: str | None) -> str:
    """Describe an entry of the contact history."""
    if draft_id is None and outcome == "other":
        return "Conversation"
    if outcome == "asked":
        return "The client asked"
    return "Sent" if outcome == "sent" else OUTCOMES.get(outcome, outcome)


def outcome(state: DraftState, text: str) -> str:
    """Return the reason why a draft is dismissed, withdrawn or failed; that of a dismissal begins with a code."""
    code, _, comment = text.partition(": ")
    if state != "dismissed" or code not in DISMISS_REASONS:
        return text
    return f"{DISMISS_REASONS[code]}: {comment}" if comment else DISMISS_REASONS[code]


def telling_reason(state: TellingState, text: str) -> str:
    """Return why a client was not told, or not yet."""
    return sentence(outcome("dismissed", text) if state == "dismissed" else text)


def span(delta: timedelta) -> str:
    """Format a duration, rounded: ``40 minutes``, ``26 hours``, ``2 days``; days only from two on."""
    seconds = abs(delta.total_seconds())
    for unit, name, least in ((DAY, "day", 2 * DAY), (HOUR, "hour", HOUR), (MINUTE, "minute", MINUTE)):
        if round(seconds / MINUTE) * MINUTE >= least:
            count = round(seconds / unit)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "a moment"


def ago(when: datetime | None, now: datetime) -> str:
    """Format the distance to now: ``3 hours ago``, ``in 3 hours``; ``never`` for None."""
    if when is None:
        return "never"
    return f"{span(now - when)} ago" if when <= now else f"in {span(when - now)}"


_ARTICLES: dict[ArticleReading, str] = {
    "read": "read",
    "paywall": "behind a paywall",
    "robots": "not for programs (robots.txt)",
    "refused": "refused by the site",
    "unread": "not found or not readable",
    "foreign": "on other sites",
}


def articles(counts: Mapping[ArticleReading, int]) -> str:
    """Format what became of articles: ``12 read, 3 behind a paywall``."""
    return ", ".join(f"{counts[became]:,} {words}" for became, words in _ARTICLES.items() if counts.get(became))


def sentence(text: str) -> str:
    """Return ``text`` with a capital at its beginning and a period at its end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?…" else ".")


def shared(kinds: Sequence[KeyKind]) -> str:
    """Name what entries of one client share."""
    *names, last = (_SHARED[kind] for kind in kinds)
    return f"{', '.join(names)} and {last}" if names else last


def deadline(when: datetime, now: datetime) -> str:
    """Format the time left until a deadline."""
    if when <= now:
        return f"{span(now - when)} past deadline"
    return f"{span(when - now)} left"
