"""The fields of a client as people see them: compare two versions, merge two edits, and say what changed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any, NamedTuple

from schemas.clients import Blackout, Client, ContactPolicy, Desire, Note, Watch

__all__ = [
    "FIELDS",
    "LABELS",
    "FieldChange",
    "changed_fields",
    "describe_changes",
    "id_is_valid",
    "stated_fields",
    "value_of",
    "with_values",
]

#: Every field that people write, with its name on the pages. ``contact.`` marks those of the contact rules.
LABELS: dict[str, str] = {
    "name": "Name",
    "organisation": "Organization",
    "manager_id": "Account manager",
    "trade": "Trade",
    "time_zone": "Time zone",
    "language": "Language",
    "salutation": "Salutation",
    "jurisdiction": "Jurisdiction",
    "desires": "Goals",
    "risk": "Risk tolerance",
    "end_vision": "Vision",
    "personality": "Personality",
    "styles": "Style",
    "jargon": "Jargon",
    "mood": "Mood",
    "views": "Views",
    "history": "Notes",
    "assets": "Assets",
    "interests": "Interests",
    "contact.email": "Email",
    "contact.phone": "Phone",
    "contact.channels": "Channels",
    "contact.max_per_week": "Messages per week",
    "contact.minutes_per_contact": "Minutes per message",
    "contact.quiet": "Quiet hours",
    "contact.working_days": "Working days",
    "contact.cadence": "Agreed contact",
    "contact.do_not_contact": "Do not contact",
    "contact.information_only": "Information only",
    "contact.restricted": "No advice on",
    "contact.blackouts": "Blackouts",
    "contact.max_silence_days": "Days of silence at most",
    "contact.merge_minutes": "Minutes within which news is put together",
}
FIELDS: tuple[str, ...] = tuple(LABELS)
#: Fields that belong together: a change of one is a change of both.
_PAIRS = {
    "contact.quiet": ("quiet_from", "quiet_until"),
    "contact.do_not_contact": ("do_not_contact", "do_not_contact_reason"),
}
_ID = re.compile(r"[\w.:@+-]{1,80}$")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EMPTY = "not set"


class FieldChange(NamedTuple):
    """A change of one field in words: its label, and the value before and after."""

    field: str
    label: str
    before: str
    after: str


def id_is_valid(client_id: str) -> bool:
    """Return whether a client can have this id: it stands in addresses."""
    return _ID.match(client_id) is not None


def value_of(client: Client, field: str) -> Any:
    """Return the value of a field; of fields that belong together, both values."""
    if not field.startswith("contact."):
        return getattr(client, field)
    names = _PAIRS.get(field)
    if names is None:
        return getattr(client.contact, field.removeprefix("contact."))
    return tuple(getattr(client.contact, name) for name in names)


def with_values(client: Client, values: Mapping[str, Any]) -> Client:
    """Return ``client`` with these values, as :func:`value_of` gives them."""
    own = {field: value for field, value in values.items() if not field.startswith("contact.")}
    contact: dict[str, Any] = {}
    for field, value in values.items():
        if field in _PAIRS:
            contact.update(zip(_PAIRS[field], value, strict=True))
        elif field.startswith("contact."):
            contact[field.removeprefix("contact.")] = value
    if contact:
        own["contact"] = client.contact.model_copy(update=contact)
    return client.model_copy(update=own)


def changed_fields(before: Client, after: Client) -> tuple[str, ...]:
    """Return the fields that differ, in the order of the page."""
    return tuple(field for field in FIELDS if value_of(before, field) != value_of(after, field))


def stated_fields(client: Client) -> tuple[str, ...]:
    """Return the fields that say something else than an empty entry of the same name would."""
    empty = Client(id=client.id, name="", manager_id="", trade=client.trade, contact=ContactPolicy())
    return changed_fields(empty, client)


def describe_changes(before: Client | None, after: Client) -> tuple[FieldChange, ...]:
    """Return what changed, in words; of a new client, what is stated."""
    if before is None:
        return tuple(
            FieldChange(field, LABELS[field], "", _text(value_of(after, field))) for field in stated_fields(after)
        )
    return tuple(change for field in changed_fields(before, after) for change in _describe(field, before, after))


def _describe(field: str, before: Client, after: Client) -> Iterable[FieldChange]:
    old, new = value_of(before, field), value_of(after, field)
    if field not in ("assets", "interests"):
        yield FieldChange(field, LABELS[field], _text(old), _text(new))
        return
    former, present = _by_name(old), _by_name(new)
    listed = 0
    for name in dict.fromkeys((*former, *present)):
        was, now = former.get(name), present.get(name)
        if was != now:
            listed += 1
            label = f"{LABELS[field]}: {name}"
            yield FieldChange(field, label, _watch(was) if was else "", _watch(now) if now else "removed")
    if not listed:
        yield FieldChange(field, LABELS[field], _text(old), _text(new))


def _by_name(watches: Sequence[Watch]) -> dict[str, Watch]:
    return {watch.name: watch for watch in watches}


def _watch(watch: Watch) -> str:
    parts: list[str] = [watch.kind]
    if watch.weight is not None:
        parts.append(f"{watch.weight:.1%}".replace(".0%", "%"))
    parts += [*watch.tickers, *([watch.isin] if watch.isin else []), *([f"CIK {watch.cik}"] if watch.cik else [])]
    for label, texts in (("also", watch.aliases), ("with", watch.context), ("without", watch.exclude)):
        if texts:
            parts.append(f"{label} {', '.join(texts)}")
    if watch.topic:
        parts.append(f"topic {watch.topic}")
    if watch.query is not None:
        for label, texts in (
            ("any of", watch.query.any_of), ("all of", watch.query.all_of), ("none of", watch.query.none_of),
            ("near", tuple(" + ".join(near.words) for near in watch.query.near)),
        ):  # fmt: skip
            if texts:
                parts.append(f"{label} {', '.join(texts)}")
    if watch.scope is not None:
        within = watch.scope.industries + watch.scope.regions + watch.scope.parties
        parts.append(f"scope {', '.join(within) or 'all'}")
    if watch.note:
        parts.append(f"“{watch.note}”")
    return ", ".join(parts)


def _text(value: Any) -> str:
    match value:
        case None | "" | ():
            return _EMPTY
        case bool():
            return "yes" if value else "no"
        case (bool() as flag, reason) if reason is None or isinstance(reason, str):
            return f"yes: {reason}" if flag and reason else _text(flag)
        case (None, None):
            return "none"
        case (time() as since, time() as until):
            return f"{since:%H:%M} to {until:%H:%M}"
        case Desire():
            return f"{value.name} (“{value.words}”)" if value.words else value.name
        case Note():
            return f"{value.question} {value.text}" if value.question else value.text
        case Watch():
            return f"{value.name} ({_watch(value)})"
        case Blackout():
            about = f" on {', '.join(value.about)}" if value.about else ""
            start = f"{value.since.isoformat()} " if value.since else ""
            return f"{start}until {value.until.isoformat()}{about}: {value.reason}"
        case date():
            return value.isoformat()
        case tuple() if all(isinstance(entry, int) for entry in value):
            return ", ".join(_DAYS[day] for day in value)
        case tuple():
            return "; ".join(_text(entry) for entry in value)
    return str(value)
