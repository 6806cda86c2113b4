"""Say in sentences where a second reader disagrees about the items that an alert rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from schemas.alerts import Alert
from schemas.readings import Firmness, Genre, ReadingField, Role, SecondReading
from services.notifier.second_reading import store as second_readings
from services.notifier.second_reading.store import DisputedReading

__all__ = ["disagreements"]

_ROLE: dict[Role, str] = {
    "actor": "takes part in it",
    "object": "takes part in it",
    "party": "takes part in it",
    "affected": "is affected by it",
    "speaker": "only comments on it",
    "mention": "is only mentioned",
    "homonym": "is not the one that the client means",
}
_GENRE: dict[Genre, str] = {
    "news": "news",
    "preview": "a look ahead",
    "analysis": "an analysis without anything new",
    "opinion": "an opinion",
    "list": "a round-up",
    "feature": "a portrait, an interview or a guide",
    "promo": "advertising",
    "old": "old news",
}
_STATUS: dict[Firmness, str] = {
    "fact": "stated as a fact",
    "reported": "reported by name",
    "rumor": "a rumor",
    "plan": "a plan of the party itself",
    "denied": "denied",
    "forecast": "a forecast",
    "none": "no event",
}
_SAYS: dict[ReadingField, Callable[[SecondReading, str], str]] = {
    "role": lambda second, name: f"{name} {_ROLE[second.role]}",
    "kind": lambda second, _: f"it is about {_named(second.kind)}",
    "genre": lambda second, _: f"it is {_GENRE[second.genre]}",
    "status": lambda second, _: f"it is {_STATUS[second.status]}",
    "direction": lambda second, name: f"it is {second.direction} for {name}",
    "weight": lambda second, _: "it matters" if second.weight in ("major", "worth") else "it is too small to tell",
}


def disagreements(connection: Connection, alerts: Sequence[Alert]) -> Mapping[str, Sequence[str]]:
    """Return a sentence for each disputed item, by the id of the alert; alerts without any are left out."""
    items = {item.item_id for alert in alerts for item in alert.evidence}
    reviews = second_readings.reviews_of(connection, items, {alert.entity_id for alert in alerts}) if items else []
    found: dict[str, list[str]] = {}
    for alert in alerts:
        evidence = {item.item_id for item in alert.evidence}
        for review in reviews:
            if review.entity_id == alert.entity_id and review.item_id in evidence:
                found.setdefault(alert.id, []).append(_sentence(review, alert.entity_name))
    return found


def _sentence(review: DisputedReading, name: str) -> str:
    *others, last = [_SAYS[field](review.second, name) for field in review.disputes]
    says = f"{', '.join(others)} and {last}" if others else last
    return f"Of “{review.title}”, {review.second.model} says that {says}: “{review.second.quote}”"


def _named(kind: str) -> str:
    return {"none": "nothing that happened", "other": "something else"}.get(kind, kind.replace("_", " "))
