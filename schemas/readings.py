"""The reading of an item for one watched name: its part in the event, the event, the genre, and how firm it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, get_args

from pydantic import Field

from schemas.base import Model, Payload

__all__ = [
    "FIELD_VALUES",
    "EventFamily",
    "Firmness",
    "Genre",
    "Outlook",
    "Reading",
    "ReadingConfidence",
    "ReadingField",
    "ReadingReviewed",
    "Role",
    "SecondReading",
    "Weight",
]

#: The part of the name in the item's main event. ``affected``: the event is elsewhere and touches it; ``speaker``: it
#: only says, rates or finds; ``mention``: background, comparison, list entry; ``homonym``: another thing of that name.
Role = Literal["actor", "object", "party", "affected", "speaker", "mention", "homonym"]
#: What happened, in broad kinds; ``none``: nothing did. The finer kinds are :data:`schemas.mentions.EventKind`.
EventFamily = Literal[
    "earnings",
    "guidance",
    "dividend",
    "buyback",
    "capital",
    "share_move",
    "rating",
    "deal",
    "contract",
    "product",
    "expansion",
    "cutback",
    "leadership",
    "legal",
    "regulation",
    "insolvency",
    "breach",
    "vulnerability",
    "outage",
    "recall",
    "labour",
    "trial",
    "macro",
    "politics",
    "reputation",
    "event",
    "other",
    "none",
]
#: The sort of text. Only ``news`` says that something has happened or was said today.
Genre = Literal["news", "preview", "analysis", "opinion", "list", "feature", "promo", "old"]
#: How firm the event stands, as the item tells it. ``reported``: a named outlet's or a named outsider's word;
#: ``plan``: the party announces what it will do; ``forecast``: somebody expects it.
Firmness = Literal["fact", "reported", "rumor", "plan", "denied", "forecast", "none"]
#: The direction for somebody who owns, uses or depends on the name.
Outlook = Literal["good", "bad", "mixed", "unclear"]
#: How much it matters to them: write the same day, worth two sentences this week, nobody need be told, nothing.
Weight = Literal["major", "worth", "minor", "none"]

ReadingField = Literal["role", "kind", "genre", "status", "direction", "weight"]

#: The possible values of each field, in the order of the model's outputs.
FIELD_VALUES: Mapping[str, tuple[str, ...]] = {
    "role": get_args(Role),
    "kind": get_args(EventFamily),
    "genre": get_args(Genre),
    "status": get_args(Firmness),
    "direction": get_args(Outlook),
    "weight": get_args(Weight),
}


class ReadingConfidence(Model):
    """The probability, 0–1, that each field of a reading is right."""

    role: float = Field(ge=0, le=1)
    kind: float = Field(ge=0, le=1)
    genre: float = Field(ge=0, le=1)
    status: float = Field(ge=0, le=1)
    direction: float = Field(ge=0, le=1)
    weight: float = Field(ge=0, le=1)


class Reading(Model):
    """An item as read for one watched name.

    ``tell_score`` (0–1) is the probability that it is worth telling somebody who owns or uses the name, confirmed or
    not. ``sentence`` is the one it rests on, verbatim; ``figures`` are the amounts in it, ``participants`` the other
    names that take part. ``read_by``: the shipped model alone, exact rules, or a second reader as well. ``disputed`` is
    True if the second reader disagrees. ``reasons`` say in sentences what was read.
    """

    type: Literal["reading"] = "reading"
    item_id: str
    entity_id: str
    role: Role
    kind: EventFamily
    genre: Genre
    status: Firmness
    direction: Outlook
    weight: Weight
    tell_score: float = Field(ge=0, le=1)
    confidence: ReadingConfidence
    sentence: str | None = None
    figures: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    read_by: Literal["model", "rules", "second_reader"] = "model"
    disputed: bool = False
    reasons: tuple[str, ...] = ()


class SecondReading(Model):
    """The same item as a second reader read it, a language model that the firm named.

    ``quote`` is the passage that it rests on, verbatim from the item.
    """

    model: str
    role: Role
    kind: EventFamily
    genre: Genre
    status: Firmness
    direction: Outlook
    weight: Weight
    quote: str


class ReadingReviewed(Payload):
    """A second reader has read an item for a watched name.

    ``reading`` is the first reading, now ``read_by`` a second reader too, and ``disputed`` if they disagree.
    ``disputes`` are the fields in which they do; values with the same consequences count as agreement.
    """

    event_type: ClassVar[str] = "reading.reviewed"

    entity_id: str
    revision: int = 0
    reading: Reading
    second: SecondReading
    disputes: tuple[ReadingField, ...] = ()
