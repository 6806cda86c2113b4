"""Try an interest before it is saved: the stories that it would have matched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.clients import Watch
from services.common.errors import BadInput
from services.notifier.client_book.port import BookFrame, InterestPreview, InterestPreviews, InvalidEntry
from services.notifier.client_book.store import book_frame
from services.notifier.desk.actions.context import ActionContext

__all__ = ["preview_interest", "read_interest"]


def read_interest(context: ActionContext, interest: Mapping[str, Any], trade: str | None = None) -> Watch:
    """Return an interest, given in the words of the client book's file.

    Raises:
        InvalidEntry: it has errors.
    """
    frame: BookFrame = book_frame(context.connection)
    entry = {"name": "Preview", "manager": next(iter(frame.managers)), "trade": trade, "interests": [interest]}
    found = context.book.read(entry, frame)
    if found.client is None:
        raise InvalidEntry(found.problems)
    return found.client.interests[0]


def preview_interest(previews: InterestPreviews | None, watch: Watch, now: datetime) -> InterestPreview:
    """Return the stories of the last 30 days that an interest would have matched.

    Raises:
        BadInput: this desk can't search the news.
    """
    if previews is None:
        raise BadInput("There is no preview here.", fix="Save the interest; its news appears on the client's page.")
    return previews.preview(watch, now)
