"""Say in sentences how an item was read for each name, for the people who rely on it."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.readings import Firmness, Genre, Reading, Role
from services.matcher.text.humanize import capitalize_first, event_family_phrase, join_names

__all__ = ["SURE", "describe_readings"]

#: Below this confidence, a sentence says that it is not certain.
SURE = 0.5
_ROLES: dict[Role, str] = {
    "actor": "is the one acting",
    "object": "is the one it happens to",
    "party": "is one of the parties",
    "affected": "is affected by it",
    "speaker": "only comments on it",
    "mention": "is only mentioned",
    "homonym": "means something else here",
}
_GENRES: dict[Genre, str] = {
    "news": "The item reports news",
    "preview": "The item looks ahead to what is due",
    "analysis": "The item explains or weighs what is known",
    "opinion": "The item states an opinion",
    "list": "The item is a round-up or list",
    "feature": "The item is a portrait, interview or guide",
    "promo": "The item is advertising or promotion",
    "old": "The item looks back or was published before",
}
_STATUSES: dict[Firmness, str] = {
    "fact": "It is told as a fact",
    "reported": "It is an outlet's or an outsider's report, not the party's own word",
    "rumor": "It is told as a rumor",
    "plan": "It is announced but has not happened yet",
    "denied": "It is denied",
    "forecast": "It is a forecast",
    "none": "Nothing is said to have happened",
}


def describe_readings(readings: Sequence[Reading], names: Sequence[str]) -> list[Reading]:
    """Return the readings of one item with ``reasons``; ``names`` are the watched names, in the same order.

    For example: "A deal by ServiceNow, concerning Armis; Alphabet is only mentioned."
    """
    actors = [name for reading, name in zip(readings, names, strict=True) if reading.role == "actor"]
    objects = [name for reading, name in zip(readings, names, strict=True) if reading.role == "object"]
    return [
        reading.model_copy(update={"reasons": _reasons(reading, name, actors, objects)})
        for reading, name in zip(readings, names, strict=True)
    ]


def _reasons(reading: Reading, name: str, actors: Sequence[str], objects: Sequence[str]) -> tuple[str, ...]:
    event = capitalize_first(event_family_phrase(reading.kind))
    others_acting = [actor for actor in actors if actor != name]
    others_concerned = [concerned for concerned in objects if concerned != name]
    if others_acting and reading.kind != "none":
        event += f" by {join_names(others_acting)}"
    if others_concerned and reading.kind != "none":
        event += f", concerning {join_names(others_concerned)}"
    return (
        _sentence(f"{event}; {name} {_ROLES[reading.role]}", min(reading.confidence.role, reading.confidence.kind)),
        _sentence(_GENRES[reading.genre], reading.confidence.genre),
        _sentence(_STATUSES[reading.status], reading.confidence.status),
    )


def _sentence(words: str, confidence: float) -> str:
    return f"{words}." if confidence >= SURE else f"{words} (not certain)."
