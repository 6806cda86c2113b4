"""Report what needs attention: parts that have not started, feeds with a problem."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from services.common.db import reading
from services.notifier.desk.dependencies import DeskDependencies, FeedView

__all__ = ["broken_feeds", "not_ready"]


def not_ready(dependencies: DeskDependencies) -> Sequence[str]:
    """Return the names of the parts that are not ready."""
    try:
        with reading(dependencies.engine) as connection:
            connection.execute(select(1))
    except SQLAlchemyError:
        return ["database"]
    return list(dependencies.ready())


def broken_feeds(dependencies: DeskDependencies) -> Sequence[FeedView]:
    """Return the feeds that have a problem."""
    return [feed for feed in dependencies.feeds_view() if feed.has_problem]
