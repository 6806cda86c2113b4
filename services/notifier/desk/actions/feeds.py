"""The watched feeds. They serve everybody, so only the owner changes them."""

from __future__ import annotations

from typing import Literal

from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.desk.dependencies import DeskDependencies, FeedActions
from services.notifier.desk.errors import NotFound

__all__ = ["FeedAction", "add", "change", "may_change"]

FeedAction = Literal["remove", "pause", "resume"]
SUBJECT_LIMIT = 120


def may_change(viewer: Viewer, dependencies: DeskDependencies) -> bool:
    """Return whether the viewer may add and change feeds."""
    return viewer.role == "owner" and dependencies.feed_actions is not None


def add(viewer: Viewer, dependencies: DeskDependencies, url: str) -> None:
    """Watch the feed at ``url``."""
    _actions(viewer, dependencies).add(url.strip())
    _audit(viewer, dependencies, "feed.added", url.strip())


def change(viewer: Viewer, dependencies: DeskDependencies, feed_id: str, action: FeedAction) -> None:
    """Remove, pause or resume a feed."""
    actions = _actions(viewer, dependencies)
    if feed_id not in {feed.id for feed in dependencies.feeds_view()}:
        raise NotFound("There is no such feed.")
    match action:
        case "remove":
            actions.remove(feed_id)
        case "pause":
            actions.pause(feed_id)
        case "resume":
            actions.resume(feed_id)
    _audit(viewer, dependencies, f"feed.{action}d", feed_id)


def _actions(viewer: Viewer, dependencies: DeskDependencies) -> FeedActions:
    actions = dependencies.feed_actions
    if actions is None or not may_change(viewer, dependencies):
        raise NotFound("There is no such page.")
    return actions


def _audit(viewer: Viewer, dependencies: DeskDependencies, action: str, subject: str) -> None:
    with dependencies.engine.begin() as connection:
        ActionContext(connection, dependencies.publisher, viewer, dependencies.clock.now()).audit(
            action, subject[:SUBJECT_LIMIT]
        )
