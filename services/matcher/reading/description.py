"""Say in sentences how an item was read for each name, for the people who rely on it.

For example: "An acquisition of Armis by ServiceNow; Alphabet is only mentioned."
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.mentions import FAMILY_OF, ClaimStatus, EventKind, Span
from schemas.readings import EventFamily, Firmness, Genre, Outlook, Reading, Role, Weight
from services.matcher.reading.deal_roles import find_deal_role
from services.matcher.reading.event_phrases import event_phrase
from services.matcher.reading.model.encoding import NameType
from services.matcher.text.humanize import capitalize_first

__all__ = [
    "FIRMNESS_PHRASES",
    "GENRE_PHRASES",
    "OUTLOOK_PHRASES",
    "SURE",
    "WEIGHT_PHRASES",
    "NamedReading",
    "describe_readings",
    "role_phrase",
]

#: Below this confidence, a sentence says "perhaps".
SURE = 0.5
_ROLES: Mapping[Role, str] = {
    "actor": "the one acting",
    "object": "the one it happens to",
    "party": "one of the parties",
    "affected": "affected by it",
    "speaker": "only the source",
    "mention": "only mentioned",
    "homonym": "not meant: something else has that name",
}
GENRE_PHRASES: Mapping[Genre, str] = {
    "news": "news",
    "preview": "a look ahead at what is due",
    "analysis": "an analysis of what is known",
    "opinion": "an opinion",
    "list": "a round-up or list",
    "feature": "a portrait, interview or guide",
    "promo": "advertising or promotion",
    "old": "a look back, or was published before",
}
FIRMNESS_PHRASES: Mapping[Firmness, str] = {
    "fact": "stated as a fact",
    "reported": "reported by others, not by the party itself",
    "rumor": "a rumor",
    "plan": "announced but not done yet",
    "denied": "denied",
    "forecast": "only expected",
    "none": "nothing is said to have happened",
}
OUTLOOK_PHRASES: Mapping[Outlook, str] = {
    "good": "good for those who own, use or depend on it",
    "bad": "bad for those who own, use or depend on it",
    "mixed": "partly good, partly bad for those who own, use or depend on it",
    "unclear": "neither clearly good nor clearly bad",
}
WEIGHT_PHRASES: Mapping[Weight, str] = {
    "major": "major: worth a message the same day",
    "worth": "worth a few words this week",
    "minor": "minor: nobody need be told",
    "none": "none",
}
#: What follows the event in the sentence, unless it is a fact.
_SO_FAR: Mapping[Firmness, str] = {
    "reported": ", as others report",
    "rumor": ", so far only a rumor",
    "plan": ", announced but not done yet",
    "denied": ", but denied",
    "forecast": ", so far only expected",
}
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party"))
_SUBJECTS: frozenset[NameType] = frozenset(("topic", "place"))
_SIDE_OF_DEAL: Mapping[EventKind, Role] = {"acquisition": "actor", "takeover": "object"}
#: Events in which a product does not act, though the model reads it so: something is done with it.
_DONE_WITH_PRODUCTS: frozenset[EventFamily] = frozenset(("product", "recall", "trial", "vulnerability"))


class NamedReading(NamedTuple):
    """A reading with the watched name, its sort, and the kind of event and status of the claim by the rules."""

    reading: Reading
    name: str
    type: NameType
    kind: EventKind
    claim: ClaimStatus = "asserted"

    @property
    def so_far(self) -> str:
        """The rest of the sentence: how firm the event stands, by its words if they say more than was read."""
        if self.kind == "averted" and self.reading.status != "denied":
            return ", but called off or averted"
        if self.claim == "retracted":
            return ", but withdrawn"
        return _SO_FAR.get("denied" if self.claim == "denied" else self.reading.status, "")

    @property
    def role(self) -> Role:
        """The part of the name in the event, as it is said."""
        role = self.reading.role
        if role in ("actor", "object") and self.kind in _SIDE_OF_DEAL:
            return _SIDE_OF_DEAL[self.kind]  # the headline shows it
        done_with = self.type == "product" and self.reading.kind in _DONE_WITH_PRODUCTS
        return "object" if done_with and role == "actor" else role

    @property
    def shown(self) -> str:
        """The name as it is said of the event: a flaw is in a company's products."""
        flawed = self.reading.kind == "vulnerability" and self.type == "company" and self.role == "object"
        return f"{self.name} products" if flawed else self.name

    @property
    def takes_part(self) -> bool:
        """True if the name does something, or something is done to it; a topic or a place is only where it happens."""
        return self.role in _TAKES_PART and self.type not in _SUBJECTS


class _Parties(NamedTuple):
    """The names that take part in one event, and its finer kind if it is known."""

    actors: tuple[str, ...]
    objects: tuple[str, ...]
    equals: tuple[str, ...]
    kind: EventKind | None


def role_phrase(role: Role, type: NameType) -> str:
    """Return the part of a name of this sort in the event."""
    return "what it is about" if type in _SUBJECTS and role in _TAKES_PART else _ROLES[role]


def describe_readings(title: str, readings: Sequence[NamedReading]) -> list[Reading]:
    """Return the readings of the item with this ``title``, with ``reasons`` that describe each before its own."""
    return [
        named.reading.model_copy(
            update={"reasons": (*_describe(named, _parties(title, named, readings)), *named.reading.reasons)}
        )
        for named in readings
    ]


def _parties(title: str, named: NamedReading, readings: Sequence[NamedReading]) -> _Parties:
    """Return who takes part in the event that ``named`` was read to be about, as far as it is known."""
    others = [
        other
        for other in readings
        if other.reading.kind == named.reading.kind and other.reading.confidence.role >= SURE
    ]
    same = [other for other in (named, *others) if other.takes_part]  # its own name comes first
    actors, objects, equals = (
        tuple(dict.fromkeys(other.shown for other in same if other.role == role))
        for role in ("actor", "object", "party")
    )
    if named.reading.kind != "deal":
        return _Parties(actors, objects, equals, _kind(named))
    buyer, target = _sides(title, named) if not equals else ([], [])
    others_kinds = {other.kind for other in same if other is not named}
    kind: EventKind | None = _kind(named)
    if others_kinds - _SIDE_OF_DEAL.keys():
        kind = None if kind in _SIDE_OF_DEAL else kind  # the other side does not buy all of it
    elif not named.takes_part:
        kind = "acquisition" if others_kinds or (buyer and target) else None
    return _Parties(
        actors or tuple(name for name in buyer if name not in objects),
        objects or tuple(name for name in target if name not in actors),
        equals,
        kind,
    )


def _kind(named: NamedReading) -> EventKind | None:
    return named.kind if FAMILY_OF[named.kind] == named.reading.kind else None


def _sides(title: str, named: NamedReading) -> tuple[list[str], list[str]]:
    """Return the buyer and the target of a deal among the names that nobody watches, as the headline shows them."""
    sides: dict[str, list[str]] = {"buyer": [], "target": []}
    for name in named.reading.participants:
        start = title.find(name)
        if start >= 0:
            role = find_deal_role(title, [Span(field="title", start=start, end=start + len(name), text=name)])
            sides.get(role, []).append(name)
    return sides["buyer"][:1], sides["target"][:1]


def _describe(named: NamedReading, parties: _Parties) -> tuple[str, ...]:
    """Return a sentence about the event and the part of the name in it, and one about the text unless it is news."""
    reading, sure = named.reading, named.reading.confidence
    sentences = [_sentence(named, parties)]
    if reading.genre != "news" and reading.role != "homonym":
        hedge = "" if sure.genre >= SURE else "perhaps "
        sentences.append(f"The text is {hedge}{GENRE_PHRASES[reading.genre]}.")
    return tuple(sentences)


def _sentence(named: NamedReading, parties: _Parties) -> str:
    reading, name, sure = named.reading, named.name, named.reading.confidence
    if reading.role == "homonym":
        hedge = "" if sure.role >= SURE else "perhaps "
        return f"The text {hedge}means something else by “{name}”."
    if reading.kind == "none":
        event = "no new event"
        part = f"the text is about {name}" if reading.role in _TAKES_PART else _part(named, parties)
    else:
        by_regulator = named.type == "regulator" and parties.actors == (name,)
        event = event_phrase(
            reading.kind, parties.kind, parties.actors, parties.objects, parties.equals, by_regulator=by_regulator
        )
        event += named.so_far
        part = _part(named, parties)
    if sure.kind < SURE or (not part and sure.role < SURE):
        event = f"perhaps {event}"
    if part and sure.role < SURE:
        part = f"perhaps {part}"
    return f"{capitalize_first(event)}{'; ' if part else ''}{part}."


def _part(named: NamedReading, parties: _Parties) -> str:
    """Return the part of the name in the event as a clause, or nothing if the event's phrase shows it."""
    name, role = named.name, named.role
    if named.takes_part:
        named_in_phrase = role != "party" or not (parties.actors or parties.objects)
        return "" if named_in_phrase else f"{name} is one of the parties"
    if named.type in _SUBJECTS and role in ("actor", "object", "party", "affected"):
        return f"it touches on {name}" if role == "affected" else f"it is about {name}"
    return f"“{name}” is only mentioned" if named.type == "topic" else f"{name} is {_ROLES[role]}"
