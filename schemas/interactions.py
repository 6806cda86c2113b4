"""What passed between account manager and client, and what came of it."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.base import Model, Payload, Utc

__all__ = ["ClientTuned", "ContactAgreed", "EntityShift", "Feedback", "FeedbackGiven", "InteractionLogged"]


class InteractionLogged(Payload):
    """A contact took place: who, when, how, for how long, what was said and what became of it.

    ``opinion`` is what the client thinks of it, to be read beside ours.
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
    outcome: Literal["sent", "replied", "acted", "disagreed", "no_answer", "other"] = "sent"
    opinion: str | None = None


#: What an account manager says of a message: the reasons for not sending one, and that one was worth it.
Feedback = Literal["useful", "not_useful", "wrong_client", "wrong_fact", "too_late", "too_many"]


class FeedbackGiven(Payload):
    """An account manager says what a message was worth to the client; a later word on the same draft counts."""

    event_type: ClassVar[str] = "feedback.given"

    client_id: str
    draft_id: str
    entity_id: str
    feedback: Feedback
    comment: str | None = None
    by: str


class ContactAgreed(Payload):
    """What the book says from now on of regular contact with a client, so that clocks run though no news came yet.

    ``cadence`` and ``max_silence_days`` as in the client's contact policy; ``revision`` is the book's of the client.
    """

    event_type: ClassVar[str] = "contact.agreed"

    client_id: str
    cadence: str | None = None
    max_silence_days: int | None = None
    revision: int = 0


class EntityShift(Model):
    """By how much the relevance that is needed is raised (or lowered) for one thing that the client watches."""

    entity_id: str
    shift: float


class ClientTuned(Payload):
    """By how much, from now on, feedback moves the relevance that news must have for this client, and why.

    ``shift`` is added to the threshold (0–1) for all news, an entity's own shift to that. ``why`` are sentences.
    """

    event_type: ClassVar[str] = "client.tuned"

    client_id: str
    shift: float = 0.0
    entities: tuple[EntityShift, ...] = ()
    why: tuple[str, ...] = ()
    revision: int = 0
