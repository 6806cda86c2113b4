"""An account manager's records about a client: conversations, answers, what the book leaves out, and mood."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, get_args

from schemas.base import content_id
from schemas.clients import Client, ClientChanged, Desire, Mood, Risk
from schemas.drafts import DraftCreated
from schemas.interactions import InteractionLogged
from services.common.db import exclusive
from services.common.errors import BadInput
from services.notifier.contact.discovery import with_answers
from services.notifier.contact.plan import zone_of
from services.notifier.desk.actions.client_edits import publish_client, save_client
from services.notifier.desk.actions.context import COMMENT_LIMIT, ActionContext, one_line
from services.notifier.desk.client_form import entry_of, form_of
from services.notifier.outreach.confirmation import confirmation_draft

__all__ = [
    "CONTACT_CHANNELS",
    "ContactChannel",
    "decide_mood",
    "log_contact",
    "record_answers",
    "record_interview",
    "record_traits",
]

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
#: Characters of a goal's name: one or two words, which drafts name.
GOAL_LIMIT = 60
#: The inputs of the client's form that an interview fills.
PROFILE = (
    "desires.0.name", "desires.0.words", "risk", "end_vision", "personality", "contact.max_per_week", "contact.quiet",
    "contact.cadence",
)  # fmt: skip
#: What can be recorded at the desk where the client book leaves it out.
Trait = Literal["desires", "risk"]
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
    draft = confirmation_draft(entry, contact, context.now, context.trades)
    context.publish(DraftCreated(draft=draft), client_id, "draft.created", draft.id)
    return draft.id


def record_answers(context: ActionContext, client_id: str, answers: Mapping[str, str]) -> int:
    """Add a client's answers to the book, as notes, and return the number of new ones."""
    exclusive(context.connection, "book")
    entry = context.client(client_id)
    limited = {name: text[:COMMENT_LIMIT] for name, text in answers.items()}
    trade = context.trades.of(entry.client.trade)
    client = with_answers(entry.client, trade, limited, context.now.astimezone(zone_of(entry.client)).date())
    count = len(client.views + client.history) - len(entry.client.views + entry.client.history)
    if not count:
        return 0
    _publish_change(context, entry, client)
    context.audit("client.discovery", client_id, client_id, f"{count} answers")
    return count


def record_interview(
    context: ActionContext, client_id: str, version: int, answers: Mapping[str, str], profile: Mapping[str, str]
) -> int:
    """Add a client's answers as notes, and fill the profile with what they say; return the number of changes.

    ``profile`` are inputs of the client's form that was read in ``version``, by name: ``risk``, ``contact.quiet``.

    Raises:
        InvalidEntry: a value of the profile is not valid.
        EditConflict: somebody else changed the same field.
    """
    exclusive(context.connection, "book")
    current = context.client(client_id)
    given = {name: text for name, text in profile.items() if name in PROFILE}
    if not given:
        return record_answers(context, client_id, answers)
    entry, _ = entry_of({**form_of(context.book.entry(current.client)), **given})
    saved = save_client(context, client_id, version, entry)
    return len(saved.fields) + record_answers(context, client_id, answers)


def record_traits(context: ActionContext, client_id: str, *, risk: str = "", goal: str = "", words: str = "") -> int:
    """Record what the client book leaves out: the risk that a client accepts, and their first goal.

    Return how many were recorded. Empty values are ignored; what the book states itself is changed in the book.

    Raises:
        BadInput: the risk is none of the known ones, or the book states the value.
    """
    exclusive(context.connection, "book")
    entry = context.client(client_id)
    client, at_desk = entry.client, entry.client.set_at_desk or ()
    goal = " ".join(goal.split())[:GOAL_LIMIT]
    if risk and risk not in get_args(Risk):
        raise BadInput(f"{risk!r} is no risk tolerance.", fix=f"Choose one of {', '.join(get_args(Risk))}.")
    said = one_line(words) or None
    given: dict[str, object] = {}
    if risk:
        given["risk"] = risk
    if goal:
        given["desires"] = (Desire(name=goal, words=said),)
    for name in given:
        if getattr(client, name) and name not in at_desk:
            fix = f"Change `{name}` there and import the book again."
            raise BadInput(f"The client book states this of {client.name}.", fix=fix)
    if not given or all(getattr(client, name) == value for name, value in given.items()):
        return 0
    recorded = tuple(name for name in get_args(Trait) if name in given or name in at_desk)
    _publish_change(context, entry, client.model_copy(update={**given, "set_at_desk": recorded}))
    context.audit("client.traits", client_id, client_id, ", ".join(given))
    return len(given)


def decide_mood(context: ActionContext, client_id: str, mood: Mood) -> None:
    """Set how the client feels at present; drafts to an upset client are calm and don't urge.

    Deciding that a client is calm also answers what conversations until now suggest.
    """
    exclusive(context.connection, "book")
    entry = context.client(client_id)
    _publish_change(context, entry, entry.client.model_copy(update={"mood": mood, "mood_decided_at": context.now}))
    context.audit("client.mood", client_id, client_id, mood)


def _publish_change(context: ActionContext, entry: ClientChanged, client: Client) -> None:
    """Publish the client's entry with ``client``; raise Conflict if the book has changed since it was read."""
    publish_client(
        context, entry, entry.model_copy(update={"client": client, "revision": entry.revision + 1}), "edited"
    )
