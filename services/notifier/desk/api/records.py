"""Records of account managers: sent by hand, reactions, ratings, conversations, and answers to questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StrictBool

from schemas.base import InWords, Model, Utc, Whole
from schemas.interactions import Feedback
from services.notifier import queries
from services.notifier.contact.discovery import answers_by_question, questions_for
from services.notifier.desk.actions import clients, drafts, undo
from services.notifier.desk.actions.clients import ContactChannel
from services.notifier.desk.actions.drafts import OutcomeKind
from services.notifier.desk.api.caller import Caller
from services.notifier.desk.api.models import GateProblem, Version
from services.notifier.desk.errors import NotFound

__all__ = ["router"]

router = APIRouter()
Text = Annotated[str, Field(max_length=2_000)]


class SentByHand(Version):
    """A message that the account manager sent themselves. ``reason`` is needed where the firm's rules ask for one."""

    reason: Text = ""


class Reaction(Model):
    """A client's reaction to a message, and their view of it."""

    outcome: OutcomeKind
    summary: Text = ""
    opinion: Text = ""


class Rating(Model):
    """The use of a message to its client."""

    feedback: Feedback
    comment: Text = ""


class RecordedDraft(Model):
    """Something about a draft was recorded."""

    draft_id: str


class Conversation(Model):
    """A conversation. With ``confirm``, a note to the client that confirms it is drafted."""

    at: Annotated[Utc, InWords]
    channel: ContactChannel
    minutes: Annotated[int, Field(ge=0, le=1_440), Whole] | None = None
    summary: Annotated[str, Field(min_length=1, max_length=2_000)]
    opinion: Text = ""
    confirm: StrictBool = False


class RecordedContact(Model):
    """A conversation was recorded. ``draft_id`` is the note that confirms it, if one was asked for."""

    client_id: str
    draft_id: str | None


class ContactItem(Model):
    """A contact with a client: a message, a reaction or a conversation."""

    id: str
    at: datetime
    channel: str
    minutes: int | None
    draft_id: str | None
    summary: str
    outcome: str
    opinion: str | None


class ContactList(Model):
    """The latest contacts with a client, newest first; at most 50."""

    items: Sequence[ContactItem]


class QuestionItem(Model):
    """A question for getting to know a client, and their answers so far."""

    id: str
    ask: str
    answers: Sequence[str]


class QuestionList(Model):
    """The questions for a client, in the order in which to ask them."""

    items: Sequence[QuestionItem]


class Answers(Model):
    """A client's answers by the id of the question."""

    answers: Mapping[str, Text]


class RecordedAnswers(Model):
    """Answers were recorded; ``added`` is the number of new ones."""

    client_id: str
    added: int


@router.post("/drafts/{draft_id}/take-back")
def take_back(context: Caller, draft_id: str, seen: Version) -> RecordedDraft:
    """Return an approved draft that has not gone out to the inbox."""
    with context.acting() as action:
        undo.take_back(action, draft_id, seen.version)
    return RecordedDraft(draft_id=draft_id)


@router.post("/drafts/{draft_id}/sent", responses={422: {"model": GateProblem}})
def mark_sent(context: Caller, draft_id: str, sent: SentByHand) -> RecordedDraft:
    """Record that the account manager sent the message by their own means."""
    with context.acting() as action:
        drafts.mark_sent(action, draft_id, sent.version, reason=sent.reason)
    return RecordedDraft(draft_id=draft_id)


@router.post("/drafts/{draft_id}/outcome")
def log_outcome(context: Caller, draft_id: str, reaction: Reaction) -> RecordedDraft:
    """Record how the client reacted to a message that was sent."""
    with context.acting() as action:
        drafts.log_outcome(action, draft_id, reaction.outcome, reaction.summary, reaction.opinion)
    return RecordedDraft(draft_id=draft_id)


@router.post("/drafts/{draft_id}/feedback")
def give_feedback(context: Caller, draft_id: str, rating: Rating) -> RecordedDraft:
    """Rate a message that was sent; it adjusts the client's thresholds, within bounds."""
    with context.acting() as action:
        drafts.give_feedback(action, draft_id, rating.feedback, rating.comment)
    return RecordedDraft(draft_id=draft_id)


@router.get("/clients/{client_id}/contacts")
def list_contacts(context: Caller, client_id: str) -> ContactList:
    """List the latest contacts with a client."""
    with context.reading() as connection:
        known = queries.client(connection, context.scope, client_id)
        found = queries.contacts(connection, context.scope, client_id)
    if known is None:
        raise NotFound("There is no such client.")
    context.audit_read("client.read", client_id, client_id)
    return ContactList(items=[ContactItem.model_validate(dict(row)) for row in found])


@router.post("/clients/{client_id}/contacts", status_code=201)
def log_contact(context: Caller, client_id: str, talk: Conversation) -> RecordedContact:
    """Record a conversation; it counts as a contact in the client's week."""
    with context.acting() as action:
        draft_id = clients.log_contact(
            action,
            client_id,
            at=talk.at,
            channel=talk.channel,
            minutes=talk.minutes,
            summary=talk.summary,
            opinion=talk.opinion,
            confirm=talk.confirm,
        )
    return RecordedContact(client_id=client_id, draft_id=draft_id)


@router.get("/clients/{client_id}/questions")
def list_questions(context: Caller, client_id: str) -> QuestionList:
    """List the questions for getting to know a client, with the answers so far."""
    with context.reading() as connection:
        entry = queries.client(connection, context.scope, client_id)
    if entry is None:
        raise NotFound("There is no such client.")
    context.audit_read("client.discovery", client_id, client_id)
    trade = context.dependencies.trades.of(entry.client.trade)
    answers = answers_by_question(entry.client, trade)
    return QuestionList(
        items=[
            QuestionItem(
                id=question.id, ask=question.ask, answers=[note.text for note in answers.get(question.ask, ())]
            )
            for question in questions_for(trade)
        ]
    )


@router.post("/clients/{client_id}/questions")
def record_answers(context: Caller, client_id: str, given: Answers) -> RecordedAnswers:
    """Add a client's answers to the book. Those that it has already are not added again."""
    with context.acting() as action:
        added = clients.record_answers(action, client_id, given.answers)
    return RecordedAnswers(client_id=client_id, added=added)
