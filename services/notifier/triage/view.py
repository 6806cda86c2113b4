"""A view of the inbox: how it is grouped, filtered and sorted. It is the query part of the page's address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import get_args
from urllib.parse import urlencode

from schemas.mentions import EventKind

__all__ = ["DEADLINES", "GROUPS", "SORTS", "URGENCIES", "VERDICTS", "InboxView"]

GROUPS = {"event": "Story", "client": "Client", "flat": "None"}
VERDICTS = ("tell", "information", "warn", "correct")
URGENCIES = ("urgent", "high", "normal", "low")
#: Hours until the deadline; ``late`` is past it.
DEADLINES = {"4": "Within 4 hours", "24": "Within 24 hours", "72": "Within 3 days", "late": "Missed"}
SORTS = {"deadline": "Deadline", "newest": "Newest first", "client": "Client"}
#: Characters of a value in the address that are kept.
LIMIT = 100


@dataclass(frozen=True, slots=True)
class InboxView:
    """The grouping, filters and sorting of the inbox; a filter that is empty does not restrict it.

    ``client`` is an id, or part of a name. ``assigned`` is ``me``, ``nobody``, ``others`` or a user's id; without
    it, the inbox has what waits for the viewer. ``story`` is the event of one group. ``snoozed`` shows what was put
    aside.
    """

    group: str = "event"
    sort: str = "deadline"
    client: str = ""
    verdict: str = ""
    urgency: str = ""
    kind: str = ""
    assigned: str = ""
    deadline: str = ""
    story: str = ""
    snoozed: str = ""

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> InboxView:
        """Read a view from the parameters of an address; what it doesn't know counts as not given."""
        allowed = {
            "group": GROUPS,
            "sort": SORTS,
            "verdict": VERDICTS,
            "urgency": URGENCIES,
            "kind": get_args(EventKind),
            "deadline": DEADLINES,
            "snoozed": ("yes",),
        }
        given = {name: parameters.get(name, "").strip()[:LIMIT] for name in _NAMES}
        return cls(**{name: value for name, value in given.items() if value and value in allowed.get(name, (value,))})

    @property
    def filters(self) -> Mapping[str, str]:
        """The filters that are set."""
        return {name: value for name, value in asdict(self).items() if value and name not in ("group", "sort")}

    @property
    def query(self) -> str:
        """The view as the query part of an address; empty if it is the standard one."""
        standard = InboxView()
        return urlencode({name: value for name, value in asdict(self).items() if value != getattr(standard, name)})

    def but(self, **changes: str) -> InboxView:
        """Return the view with changes."""
        return replace(self, **changes)


_NAMES = tuple(field.name for field in fields(InboxView))
