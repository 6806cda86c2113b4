"""The one registry of topics: what flows where, under which key, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pydantic import TypeAdapter, ValidationError

from schemas.alerts import AlertRaised
from schemas.base import AnyEvent, Event, Payload
from schemas.clients import ClientChanged, ClientRemoved
from schemas.deliveries import DeliveryChanged
from schemas.drafts import (
    ContactDecided,
    DraftApproved,
    DraftCreated,
    DraftDismissed,
    DraftEdited,
    DraftRefused,
    DraftSent,
)
from schemas.feeds import FeedHealthChanged
from schemas.interactions import ClientTuned, ContactAgreed, FeedbackGiven, InteractionLogged
from schemas.items import ItemIngested
from schemas.mentions import ItemAnnotated, RumorResolved, SourceGraded
from schemas.webhooks import EndpointDisabled

__all__ = ["TOPICS", "Topic", "UnreadableEvent", "decode", "encode", "topic_of"]

DAY_SECONDS = 86_400


class UnreadableEvent(ValueError):
    """The bytes are no event of this topic; the message says which field is wrong and why."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. ``key`` says what ``subject`` holds; ``retention_seconds`` is None for compacted topics.

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
        """Whether only the newest event of each key is kept, for ever."""
        return self.retention_seconds is None

    @property
    def dead_letters(self) -> str:
        """The topic to which what can't be read or processed goes."""
        return f"{self.name}.dlq"


_DECISIONS: tuple[type[Payload], ...] = (DraftEdited, DraftApproved, DraftSent, DraftDismissed)

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        Topic("feeds", (FeedHealthChanged,), "feed id", 1, 30 * DAY_SECONDS, "feeds that break, fall silent, recover"),
        Topic("items", (ItemIngested,), "item id", 12, 7 * DAY_SECONDS, "what feeds published, and its revisions"),
        Topic("clients", (ClientChanged, ClientRemoved), "client id", 1, None, "the client book, newest state of each"),
        Topic("sources", (SourceGraded,), "domain", 1, None, "source grades, newest of each"),
        Topic("outcomes", (RumorResolved,), "domain, story and entity", 1, None, "how the rumors of a source ended"),
        Topic("mentions", (ItemAnnotated,), "entity id", 12, 7 * DAY_SECONDS, "items as they touch one watched entity"),
        Topic("alerts", (AlertRaised,), "client id", 12, 90 * DAY_SECONDS, "verdicts for a client and a story"),
        Topic(
            "drafts",
            (DraftCreated, DraftRefused, ContactDecided),
            "client id",
            12,
            365 * DAY_SECONDS,
            "drafts as they are proposed or refused, and the contact policy's decisions",
            legacy=_DECISIONS,
        ),
        Topic(
            "decisions",
            _DECISIONS,
            "client id",
            12,
            365 * DAY_SECONDS,
            "what account managers decided about drafts, and which drafts were sent",
        ),
        Topic("deliveries", (DeliveryChanged,), "client id", 12, 365 * DAY_SECONDS, "what left the house"),
        Topic(
            "interactions",
            (InteractionLogged, FeedbackGiven, ContactAgreed),
            "client id",
            12,
            365 * DAY_SECONDS,
            "contacts that took place or are agreed, and what messages were worth",
        ),
        Topic("endpoints", (EndpointDisabled,), "endpoint id", 1, 30 * DAY_SECONDS, "webhook endpoints given up on"),
        Topic("tunings", (ClientTuned,), "client id", 1, None, "how feedback moves each client's thresholds"),
    )
}

_BY_TYPE: dict[str, tuple[Topic, type[Payload]]] = {
    model.full_type(): (topic, model) for topic in TOPICS.values() for model in topic.models
}
_ADAPTERS: dict[str, TypeAdapter[AnyEvent]] = {
    name: TypeAdapter(cast("type[AnyEvent]", Event.__class_getitem__(model))) for name, (_, model) in _BY_TYPE.items()
}


def topic_of(event: AnyEvent) -> Topic:
    """The topic that events of this type flow on.

    Raises:
        UnreadableEvent: when the type is registered nowhere.
    """
    try:
        return _BY_TYPE[event.type][0]
    except KeyError:
        raise UnreadableEvent(f"no topic carries events of type {event.type!r}") from None


def encode(event: AnyEvent) -> bytes:
    """The event as it goes over the wire: one line of UTF-8 JSON, fields in declared order."""
    return event.model_dump_json(exclude_none=True).encode()


def decode(topic: str, raw: bytes) -> AnyEvent:
    """Read what came over ``topic``.

    Raises:
        UnreadableEvent: when it is no JSON, of a type this topic doesn't carry, or misses what its model requires.
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
