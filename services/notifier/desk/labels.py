"""Figures and codes in words that an account manager reads: grades, deadlines, moments in their own zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.drafts import DraftState
from services.notifier.advice.outcomes import SentOpinion

__all__ = [
    "ADVICE_BY",
    "ADVICE_NEXT",
    "ADVICE_STORY",
    "BASIS",
    "DECIDED",
    "DISMISS_REASONS",
    "FEEDBACK",
    "INFORMATION",
    "OUTCOMES",
    "SOURCE",
    "STANCE",
    "STATE",
    "STATUS",
    "VERDICT",
    "advice_answer",
    "advice_group",
    "ago",
    "deadline",
    "moment",
    "sentence",
    "zone",
]

VERDICT = {
    "tell": "Tell",
    "warn": "Unconfirmed",
    "hold": "Held",
    "correct": "Correction",
    "ignore": "Ignored",
}
#: The Admiralty scale's own wording (NATO STANAG 2511), shortened.
SOURCE = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "not known to us yet",
}
INFORMATION = {
    1: "confirmed",
    2: "probably true",
    3: "possibly true",
    4: "doubtful",
    5: "contradicted or denied",
    6: "can't be judged",
}
STATUS = {"asserted": "stated as fact", "hedged": "hedged", "denied": "denied", "retracted": "retracted"}
BASIS = {
    "regulator": "on a regulator's word",
    "filing": "from a filing",
    "company": "on the company's own word",
    "person": "on a named person's word",
    "unnamed": "on unnamed sources",
    "outlet": "on another outlet's word",
    "own": "on its own word",
}
STANCE = {
    "holds": "holds",
    "uses": "uses",
    "supplied_by": "is supplied by",
    "operates_in": "has a site in",
    "contracts_with": "has a contract on",
    "competes": "competes with",
    "regulated_by": "is bound by",
    "follows": "follows",
}
STATE: dict[DraftState, str] = {
    "open": "new",
    "edited": "edited",
    "approved": "waiting to go out",
    "sending": "being sent",
    "sent": "sent",
    "failed": "couldn't be sent",
    "unknown": "outcome unknown",
    "dismissed": "dismissed",
    "withdrawn": "withdrawn",
}
#: What the contact policy made of something.
DECIDED = {
    "waits": "waits",
    "merged": "merged",
    "dropped": "left out",
    "kept": "in touch",
    "chosen": "contact due",
    "nothing_to_say": "contact due",
}
DISMISS_REASONS = {
    "not_useful": "Not useful to this client",
    "wrong_client": "Wrong client",
    "wrong_fact": "A fact is wrong",
    "too_late": "Too late",
    "too_many": "Too many messages to them already",
    "already_told": "They know already",
    "other": "Another reason",
}
FEEDBACK = {
    "useful": "Useful to them",
    "not_useful": "Not useful to this client",
    "too_many": "One message too many",
    "wrong_client": "Nothing for this client",
    "too_late": "It came too late",
    "wrong_fact": "A fact was wrong",
}
OUTCOMES = {
    "replied": "They replied",
    "acted": "They acted on it",
    "disagreed": "They see it differently",
    "no_answer": "No answer",
    "other": "Something else",
}

#: How opinions are put together, and what became of one.
ADVICE_BY = {
    "rule": "rule",
    "kind": "kind of event",
    "stance": "stance",
    "client": "client",
    "manager": "account manager",
}
ADVICE_STORY = {
    "confirmed": "The story was confirmed.",
    "corrected": "The story turned out false.",
    "went_on": "The story went on.",
    "quiet": "Nothing further on the story.",
}
ADVICE_NEXT = {
    "same": "The next news on it went the same way.",
    "other": "The next news on it went the other way.",
}

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def zone(name: str) -> ZoneInfo:
    """The time zone called ``name``; UTC where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment(when: datetime | None, tz: ZoneInfo, now: datetime) -> str:
    """``today 14:30 CET``, ``Fri 6 Feb 09:00 CET``; the year only where it isn't this one."""
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
    """What a group of opinions is called."""
    if by == "stance":
        return f"the client {STANCE.get(name, name)}"
    if by == "rule":
        name = name.replace(",", ", ").replace("/", " / ")
    return name.replace("_", " ") if by in ("kind", "rule") else name


def advice_answer(one: SentOpinion) -> str:
    """What the client made of an opinion, as far as anybody noted it."""
    answer = sentence(OUTCOMES[one.answer]) if one.answer in OUTCOMES else "No answer noted."
    return f"{answer} {sentence(FEEDBACK[one.feedback])}" if one.feedback in FEEDBACK else answer


def span(delta: timedelta) -> str:
    """``40 minutes``, ``3 hours``, ``2 days``: rounded, for a glance; days only from two on."""
    seconds = abs(delta.total_seconds())
    for unit, name, least in ((DAY, "day", 2 * DAY), (HOUR, "hour", HOUR), (MINUTE, "minute", MINUTE)):
        if round(seconds / MINUTE) * MINUTE >= least:
            count = round(seconds / unit)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "a moment"


def ago(when: datetime | None, now: datetime) -> str:
    """``3 hours ago``; ``in 3 hours`` for what is to come; ``never`` for None."""
    if when is None:
        return "never"
    return f"{span(now - when)} ago" if when <= now else f"in {span(when - now)}"


def sentence(text: str) -> str:
    """``text`` with a capital at its beginning and a full stop at its end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?…" else ".")


def deadline(when: datetime, now: datetime) -> str:
    """How long telling is still worth something."""
    if when <= now:
        return f"{span(now - when)} too late"
    return f"{span(when - now)} left"
