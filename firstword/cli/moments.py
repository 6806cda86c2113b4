"""Moments as people write them on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from services.common.errors import BadInput

__all__ = ["Moment", "moment"]

Moment = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="A moment such as 2026-03-05T08:00 (UTC), or a span such as 3h or 2d ago."),
]
_SPANS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime) -> datetime:
    """The moment that ``text`` names: by itself (UTC where it names no zone), or so long before ``now``.

    Raises:
        BadInput: when it names none.
    """
    try:
        if text[-1:] in _SPANS and text[:-1].isdecimal():
            return now - timedelta(**{_SPANS[text[-1]]: int(text[:-1])})
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadInput(
            f"{text!r} is no moment.", fix="Write it as 2026-03-05T08:00 (UTC), or as 30m, 3h or 2d."
        ) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
