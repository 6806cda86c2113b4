"""The event envelope (CloudEvents 1.0 attributes), content-derived ids, and the frozen base of every model.

An id is derived from content, never from the time or place of creation, so that every reader recognizes a repeat.

Fields keep their names within a version. In version 1, ``mend`` is a fix, ``organisation`` is spelled with an s, and
``opinion`` in ``interaction.logged`` is the client's view, while everywhere else an opinion is the firm's.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, ClassVar, Generic, Literal, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticKnownError

__all__ = ["AnyEvent", "Event", "InWords", "Model", "Payload", "Utc", "Whole", "content_id", "event", "to_utc"]

#: Prefix of the published JSON Schemas' identifiers; a name, not an address to fetch.
SCHEMA_BASE = "urn:firstword:schema"


def to_utc(value: datetime) -> datetime:
    """Return ``value`` in UTC.

    Raises:
        ValueError: if ``value`` has no time zone, because then its moment is unknown.
    """
    if value.tzinfo is None:
        raise ValueError("a timestamp needs a time zone, e.g. 2026-01-31T09:00:00Z")
    return value.astimezone(UTC)


#: A timezone-aware moment, converted to UTC.
Utc = Annotated[datetime, AfterValidator(to_utc)]


def _refuse_number(value: object) -> object:
    number = isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value.strip()))
    if number:
        raise ValueError("a date or a time is written out, e.g. 2026-01-31 or 2026-01-31T09:00:00Z")
    return value


_NUMBER = re.compile(r"[+-]?[0-9._]+(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
#: Put on a date or a time that others send: a number is refused, since it may count seconds, milliseconds or days.
InWords = BeforeValidator(_refuse_number)


def _refuse_other_type(value: object) -> object:
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


#: Put last on an int that others send, for whole numbers as JSON Schema has them: 3 and 3.0, neither ``true`` nor "3".
Whole = BeforeValidator(_refuse_other_type)


class Model(BaseModel):
    """A frozen value. Unknown fields are ignored, so that a newer producer does not break an older consumer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Payload(Model):
    """The ``data`` of an event. Subclasses define their type, such as ``alert.raised``, and their version."""

    event_type: ClassVar[str]
    version: ClassVar[int] = 1

    @classmethod
    def full_type(cls) -> str:
        """Return the CloudEvents ``type``, such as ``firstword.alert.raised.v1``."""
        return f"firstword.{cls.event_type}.v{cls.version}"

    @classmethod
    def schema_uri(cls) -> str:
        """Return the CloudEvents ``dataschema``: the identifier of the published JSON Schema."""
        return f"{SCHEMA_BASE}:{cls.event_type}:v{cls.version}"


D = TypeVar("D", bound=Payload, covariant=True)


class Event(Model, Generic[D]):
    """An event in the format of CloudEvents 1.0 (structured JSON mode).

    ``time`` is when Firstword learned of it; processors use it as their ``now``, so that reprocessing after a crash
    gives the same result. ``subject`` is the partition key.
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
    """Return an id derived from ``parts`` alone: ``prefix``, ``_`` and 26 hexadecimal digits (104 bits of BLAKE2b).

    Parts are length-prefixed, so that ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.blake2b(digest_size=13)
    for part in parts:
        raw = str(part).encode()
        digest.update(len(raw).to_bytes(4, "big"))
        digest.update(raw)
    return f"{prefix}_{digest.hexdigest()}"


#: An event of any type.
AnyEvent = Event[Payload]
P = TypeVar("P", bound=Payload)


def event(data: P, *, key: str, id: str, source: str, time: datetime) -> Event[P]:
    """Wrap ``data`` in its envelope. Derive ``id`` from content; ``source`` is e.g. ``firstword/matcher``."""
    envelope = cast("type[Event[P]]", _envelope(type(data)))
    return envelope(
        id=id, source=source, type=data.full_type(), subject=key, time=time, dataschema=data.schema_uri(), data=data
    )


@cache
def _envelope(data: type[Payload]) -> type[Event[Payload]]:
    """Return the type of an event with this data; pydantic takes longer to find it than to check the event."""
    return cast("type[Event[Payload]]", Event.__class_getitem__(data))
