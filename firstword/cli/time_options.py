"""Points in time as options: a date and time, or an age such as 3h."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.common.errors import BadInput

__all__ = ["Since", "Until", "parse_time"]

_FORMS = "a time such as 2026-03-05T08:00 (UTC), or an age such as 30m, 3h or 2d"
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help=f"Only after this: {_FORMS}.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only before this, in the same forms.")]
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def parse_time(text: str, now: datetime) -> datetime:
    """Return the time in UTC that ``text`` names: itself (UTC if it has no time zone), or an age before ``now``.

    Raises:
        BadInput: ``text`` is neither a time nor an age.
    """
    try:
        if text[-1:] in _UNITS and text[:-1].isdecimal():
            return now - timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
        time = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!r} is not a valid time.", fix=f"Write {_FORMS}.") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
