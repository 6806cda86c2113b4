"""Contacts between account managers and clients, their outcomes, and feedback on messages."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["ClientTuned", "ContactAgreed", "EntityShift", "Feedback", "FeedbackGiven", "InteractionLogged"]


class InteractionLogged(Payload):
    """A contact took place: who, when, how, how long, its summary and outcome.

    ``opinion`` is the client's own view, kept beside the firm's. ``asked``: the client asked about news of their own
    accord.
    """

    event_type: ClassVar[str] = "interaction.logged"

    interaction_id: str
    client_id: str
    manager_id: str
    at: Utc
    channel: str
    minutes: int | None = None
    draft_id: str | None = None
    summary: str = ""
    outcome: Literal["sent", "replied", "acted", "disagreed", "no_answer", "asked", "other"] = "sent"
    opinion: str | None = None


#: An account manager's rating of a message: useful, or one of the reasons for not sending it.
Feedback = Literal["useful", "not_useful", "wrong_client", "wrong_fact", "too_late", "too_many"]


class FeedbackGiven(Payload):
    """An account manager rated a message. A later rating of the same draft replaces an earlier one."""

    event_type: ClassVar[str] = "feedback.given"

    client_id: str
    draft_id: str
    entity_id: str
    feedback: Feedback
    comment: str | None = None
    by: str


class ContactAgreed(Payload):
    """The agreed regular contact with a client changed in the book; due dates are computed from it, even without news.

    ``cadence`` and ``max_silence_days`` are those of the contact policy, ``revision`` is the client's.
    """

    event_type: ClassVar[str] = "contact.agreed"

    client_id: str
    cadence: str | None = None
    max_silence_days: int | None = None
    revision: int = 0


class EntityShift(Model):
    """The change of the required relevance for one entity that the client watches; positive means fewer alerts."""

    entity_id: str
    shift: float


class ClientTuned(Payload):
    """Feedback changed the relevance that news must have for this client.

    ``shift`` is added to the threshold (0–1) for all news, an entity's shift on top of it. ``why`` has the reasons as
    sentences.
    """

    event_type: ClassVar[str] = "client.tuned"

    client_id: str
    shift: float = 0.0
    entities: tuple[EntityShift, ...] = ()
    why: tuple[str, ...] = ()
    revision: int = 0
