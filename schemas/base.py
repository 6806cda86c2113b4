"""The event envelope (CloudEvents 1.0 attributes), content-derived ids and the frozen base of every model.

An id is derived from what the thing *is*, never from when or where it was made, so that a repeat is recognised
as a repeat by everybody who sees it.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Generic, Literal, TypeVar, cast

from pydantic import AfterValidator, BaseModel, ConfigDict

__all__ = ["AnyEvent", "Event", "Model", "Payload", "Utc", "content_id", "event", "to_utc"]

#: Where the published JSON Schemas are addressed; a name, not a place that is fetched.
SCHEMA_BASE = "urn:firstword:schema"


def to_utc(value: datetime) -> datetime:
    """Return ``value`` in UTC.

    Raises:
        ValueError: when ``value`` carries no time zone, for then nobody can say which moment it means.
    """
    if value.tzinfo is None:
        raise ValueError("a timestamp needs a time zone, e.g. 2026-01-31T09:00:00Z")
    return value.astimezone(UTC)


#: A moment: timezone-aware, kept in UTC.
Utc = Annotated[datetime, AfterValidator(to_utc)]


class Model(BaseModel):
    """A frozen value. Unknown fields are dropped on reading: a newer producer doesn't break an older consumer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Payload(Model):
    """The ``data`` of an event. Subclasses name their type, e.g. ``alert.raised``, and the version of their shape."""

    event_type: ClassVar[str]
    version: ClassVar[int] = 1

    @classmethod
    def full_type(cls) -> str:
        """The CloudEvents ``type``: ``firstword.alert.raised.v1``."""
        return f"firstword.{cls.event_type}.v{cls.version}"

    @classmethod
    def schema_uri(cls) -> str:
        """The CloudEvents ``dataschema`` under which this shape is published."""
        return f"{SCHEMA_BASE}:{cls.event_type}:v{cls.version}"


D = TypeVar("D", bound=Payload, covariant=True)


class Event(Model, Generic[D]):
    """One thing that happened, as CloudEvents 1.0 (structured JSON mode) says it.

    ``time`` is when it became known to Firstword; processors take it as their ``now``, so that a repeat after a crash
    comes to the same conclusion. ``subject`` is the key by which the event is partitioned.
    """

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Utc
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    data: D


def content_id(prefix: str, *parts: str | int) -> str:
    """An id that depends on ``parts`` alone: ``alr_`` and 26 hexadecimal digits (104 bits of BLAKE2b).

    Parts are length-prefixed, so that ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.blake2b(digest_size=13)
    for part in parts:
        raw = str(part).encode()
        digest.update(len(raw).to_bytes(4, "big"))
        digest.update(raw)
    return f"{prefix}_{digest.hexdigest()}"


#: An event of whatever type.
AnyEvent = Event[Payload]
P = TypeVar("P", bound=Payload)


def event(data: P, *, key: str, id: str, source: str, time: datetime) -> Event[P]:
    """Wrap ``data`` in its envelope. ``id`` must be derived from content; ``source`` is e.g. ``firstword/matcher``."""
    envelope = cast("type[Event[P]]", Event.__class_getitem__(type(data)))
    return envelope(
        id=id, source=source, type=data.full_type(), subject=key, time=time, dataschema=data.schema_uri(), data=data
    )
