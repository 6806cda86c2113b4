"""The registry of topics: their event types, keys and retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pydantic import TypeAdapter, ValidationError

from schemas.alerts import AlertRaised
from schemas.base import AnyEvent, Event, Payload
from schemas.clients import ClientChanged, ClientErased, ClientRemoved
from schemas.deliveries import DeliveryChanged
from schemas.drafts import (
    ContactDecided,
    DraftApproved,
    DraftCreated,
    DraftDismissed,
    DraftEdited,
    DraftExpired,
    DraftRefused,
    DraftReopened,
    DraftSent,
    NewsStopped,
    TellRequested,
)
from schemas.feeds import FeedHealthChanged
from schemas.interactions import ClientTuned, ContactAgreed, FeedbackGiven, InteractionLogged
from schemas.items import ItemIngested
from schemas.mentions import ItemAnnotated, RumorResolved, SourceGraded
from schemas.readings import ReadingReviewed
from schemas.webhooks import EndpointDisabled

__all__ = ["TOPICS", "Topic", "UnreadableEvent", "decode", "encode", "topic_of"]

DAY_SECONDS = 86_400


class UnreadableEvent(ValueError):
    """The bytes are not a valid event of this topic; the message names the field and the problem."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic. ``key`` describes the event's ``subject``; ``retention_seconds`` is None for compacted topics.

    ``legacy`` are event types that earlier versions wrote to this topic; they are still read from it.
    """

    name: str
    models: tuple[type[Payload], ...]
    key: str
    partitions: int
    retention_seconds: int | None
    meaning: str
    legacy: tuple[type[Payload], ...] = ()

    @property
    def compacted(self) -> bool:
        """True if the topic keeps only the newest event of each key, forever."""
        return self.retention_seconds is None

    @property
    def dead_letters(self) -> str:
        """The topic for events that cannot be read or processed."""
        return f"{self.name}.dlq"


_DECISIONS: tuple[type[Payload], ...] = (DraftEdited, DraftApproved, DraftSent, DraftDismissed)

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic("feeds", (FeedHealthChanged,), "feed id", 1, 30 * DAY_SECONDS, "feeds that break, fall silent, recover"),
        Topic(
            "items", (ItemIngested,), "item id", 12, 7 * DAY_SECONDS, "items that feeds published, and their revisions"
        ),
        Topic(
            "clients",
            (ClientChanged, ClientRemoved),
            "client id",
            1,
            None,
            "the client book, latest state of each client",
        ),
        Topic("sources", (SourceGraded,), "domain", 1, None, "source grades, latest of each"),
        Topic("outcomes", (RumorResolved,), "domain, story and entity", 1, None, "outcomes of each source's rumors"),
        Topic(
            "mentions",
            (ItemAnnotated, ReadingReviewed),
            "entity id",
            12,
            7 * DAY_SECONDS,
            "items annotated for one watched entity, and what a second reader says of them",
        ),
        Topic("alerts", (AlertRaised,), "client id", 12, 90 * DAY_SECONDS, "verdicts for a client and a story"),
        Topic(
            "drafts",
            (DraftCreated, DraftRefused, ContactDecided),
            "client id",
            12,
            365 * DAY_SECONDS,
            "drafts that were proposed or refused, and the contact policy's decisions",
            legacy=_DECISIONS,
        ),
        Topic(
            "decisions",
            (*_DECISIONS, DraftExpired, DraftReopened, NewsStopped, TellRequested, ClientErased),
            "client id",
            12,
            365 * DAY_SECONDS,
            "account managers' decisions on drafts and on news that was left out, and drafts that were sent",
        ),
        Topic(
            "deliveries",
            (DeliveryChanged,),
            "client id",
            12,
            365 * DAY_SECONDS,
            "messages on their way to clients, and their status",
        ),
        Topic(
            "interactions",
            (InteractionLogged, FeedbackGiven, ContactAgreed),
            "client id",
            12,
            365 * DAY_SECONDS,
            "contacts that took place or were agreed, and feedback on messages",
        ),
        Topic(
            "endpoints", (EndpointDisabled,), "endpoint id", 1, 30 * DAY_SECONDS, "webhook endpoints that were disabled"
        ),
        Topic("tunings", (ClientTuned,), "client id", 1, None, "adjustments of each client's thresholds by feedback"),
    )
}

_BY_TYPE: dict[str, tuple[Topic, type[Payload]]] = {
    model.full_type(): (topic, model) for topic in TOPICS.values() for model in topic.models
}
_ADAPTERS: dict[str, TypeAdapter[AnyEvent]] = {
    name: TypeAdapter(cast("type[AnyEvent]", Event.__class_getitem__(model))) for name, (_, model) in _BY_TYPE.items()
}


def topic_of(event: AnyEvent) -> Topic:
    """Return the topic that carries events of this type.

    Raises:
        UnreadableEvent: if no topic carries the type.
    """
    try:
        return _BY_TYPE[event.type][0]
    except KeyError:
        raise UnreadableEvent(f"no topic carries events of type {event.type!r}") from None


def encode(event: AnyEvent) -> bytes:
    """Return the event in its wire format: one line of UTF-8 JSON, fields in declared order."""
    return event.model_dump_json(exclude_none=True).encode()


def decode(topic: str, raw: bytes) -> AnyEvent:
    """Return the event that was read from ``topic``.

    Raises:
        UnreadableEvent: if it is not JSON, not of a type that the topic carries, or not valid for its model.
    """
    kind = _type_of(raw)
    registered = _BY_TYPE.get(kind)
    if registered is None or not (registered[0].name == topic or registered[1] in TOPICS[topic].legacy):
        raise UnreadableEvent(f"topic {topic!r} carries no events of type {kind!r}")
    try:
        return _ADAPTERS[kind].validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise UnreadableEvent(f"{kind}: field {where!r}: {first['msg']}") from error


class _Typed(Payload):
    type: str


def _type_of(raw: bytes) -> str:
    try:
        return _Typed.model_validate_json(raw).type
    except ValidationError as error:
        raise UnreadableEvent(f"not an event: {error.errors()[0]['msg']}") from error
