"""The caller's saved views of the inbox, and the drafts that each shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, StrictBool

from schemas.base import Model
from schemas.mentions import EventKind
from services.notifier.desk.actions import inbox as actions
from services.notifier.desk.api.caller import Caller, Listing
from services.notifier.desk.api.drafts import summaries
from services.notifier.desk.api.models import DraftSummary, ListPage, list_page
from services.notifier.triage import saved
from services.notifier.triage.inbox import drafts_in
from services.notifier.triage.saved import NAME_LIMIT, SavedView
from services.notifier.triage.view import InboxView

__all__ = ["router"]

router = APIRouter(prefix="/views")
#: A view's name in an address; like everything there it is percent-encoded, a slash too.
ViewName = Annotated[str, Path(min_length=1, max_length=NAME_LIMIT)]
NewName = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]


class ViewSettings(Model):
    """The grouping, filters and sorting of the inbox; a filter that is null does not restrict it.

    ``client`` is an id, or part of a name. ``assigned`` is ``me``, ``nobody``, ``others`` or a user's id; null shows
    what waits for the caller. ``deadline`` is the number of hours until it, or ``late`` for those that have passed.
    ``story`` is the id of an event. ``snoozed`` shows the drafts that were put aside, and no others. ``group`` is for
    the desk's page: the API lists drafts one by one.
    """

    group: Literal["event", "client", "flat"] = "event"
    sort: Literal["deadline", "newest", "client"] = "deadline"
    client: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    verdict: Literal["tell", "information", "warn", "correct"] | None = None
    urgency: Literal["urgent", "high", "normal", "low"] | None = None
    kind: EventKind | None = None
    assigned: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    deadline: Literal["4", "24", "72", "late"] | None = None
    story: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    snoozed: StrictBool = False

    def as_view(self) -> InboxView:
        """Return the view that these settings describe."""
        given = self.model_dump(exclude={"snoozed"}, exclude_none=True)
        return InboxView.parse({**given, "snoozed": "yes" if self.snoozed else ""})


class NewView(Model):
    """A view to save under a name."""

    name: NewName
    view: ViewSettings


class ViewChange(Model):
    """A view's new name, its new settings, or both; what is null stays as it is."""

    name: NewName | None = None
    view: ViewSettings | None = None


class SavedViewItem(Model):
    """A saved view. ``address`` shows it at the desk."""

    name: str
    view: ViewSettings
    address: str


class SavedViewList(Model):
    """The caller's views by name."""

    items: Sequence[SavedViewItem]


class ViewDeleted(Model):
    """The view that was deleted."""

    name: str


@router.get("")
def list_views(context: Caller) -> SavedViewList:
    """List the caller's saved views of the inbox."""
    with context.reading() as connection:
        found = saved.views_of(connection, context.viewer.user_id)
    return SavedViewList(items=[_item(view) for view in found])


@router.post("", status_code=201)
def create_view(context: Caller, wanted: NewView) -> SavedViewItem:
    """Save a view under a name that none of the caller's views has yet."""
    with context.acting() as action:
        return _item(actions.create_view(action, wanted.name, wanted.view.as_view()))


@router.get("/{name:path}/drafts")
def list_drafts_in_view(context: Caller, name: ViewName, listing: Listing) -> ListPage[DraftSummary]:
    """List the drafts that a saved view shows, in its order."""
    with context.reading() as connection:
        view = actions.named_view(connection, context.viewer.user_id, name).view
        page = drafts_in(
            connection,
            context.scope,
            context.viewer.user_id,
            view,
            context.now,
            number=listing.place,
            size=listing.size,
        )
        items = summaries(context, connection, page.items)
    context.audit_read("drafts.listed", "drafts", shown=(line.client_id for line in page.items))
    return list_page(page, items)


@router.put("/{name:path}")
def put_view(context: Caller, name: ViewName, wanted: ViewChange) -> SavedViewItem:
    """Rename a saved view, or change what it shows."""
    view = None if wanted.view is None else wanted.view.as_view()
    with context.acting() as action:
        return _item(actions.change_view(action, name, to=wanted.name, view=view))


@router.post("/{name:path}/delete")
def delete_view(context: Caller, name: ViewName) -> ViewDeleted:
    """Delete a saved view."""
    with context.acting() as action:
        actions.delete_view(action, name)
    return ViewDeleted(name=name)


def _item(view: SavedView) -> SavedViewItem:
    given = {name: value for name, value in asdict(view.view).items() if value and name != "snoozed"}
    settings = ViewSettings.model_validate({**given, "snoozed": bool(view.view.snoozed)})
    query = view.view.query
    return SavedViewItem(name=view.name, view=settings, address=f"/?{query}" if query else "/")
