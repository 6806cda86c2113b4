"""The same as the pages, for programs: JSON under /api/v1, by session or by a bearer token.

A session's changes need its form token in ``X-Form-Token``; a bearer token is sent by nobody's browser on its own.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from schemas.base import Model
from schemas.drafts import DismissReason
from services.common.db import reading
from services.common.errors import FirstwordError
from services.notifier import queries
from services.notifier.advice.export import group_summary, opinion_row, period_start
from services.notifier.advice.outcomes import group_opinions
from services.notifier.advice.queries import sent_opinions
from services.notifier.desk.actions import NotFound
from services.notifier.desk.auth import viewer_of_token
from services.notifier.desk.checks import checks_of
from services.notifier.desk.pages.advice import asked_by, asked_days
from services.notifier.desk.pages.audit import listed
from services.notifier.desk.pages.ops import not_ready
from services.notifier.desk.pages.preferences import keep, reaches
from services.notifier.desk.relations import Relations
from services.notifier.desk.web import Asking, SignInNeeded, asking, number_of, site_of
from services.notifier.digest.preferences import Chosen
from services.notifier.queries import DraftLine
from services.notifier.rewording import store as rewordings

__all__ = ["router"]

router = APIRouter(prefix="/api/v1")


def calling(request: Request) -> Asking:
    """Who is calling: by bearer token, else by session.

    Raises:
        SignInNeeded: when nobody that we know.
        FirstwordError: when a session's change lacks its form token.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        site = site_of(request)
        with reading(site.deps.engine) as connection:
            viewer = viewer_of_token(connection, token.strip())
        if viewer is None:
            raise SignInNeeded("This API token isn't known.")
        return Asking(site, request, viewer, site.deps.clock.now())
    who = asking(request)
    if request.method != "GET" and not who.site.sessions.form_is_ours(
        who.viewer, request.headers.get("x-form-token", "")
    ):
        raise FirstwordError("A session's changes need its form token in X-Form-Token.")
    return who


Caller = Annotated[Asking, Depends(calling)]


class Version(Model):
    """The version that was read."""

    version: int = Field(ge=0)


class Approval(Model):
    """``version`` is the one that was read; ``at_once`` doesn't wait for the client's hours."""

    version: int = Field(ge=0)
    at_once: bool = False


class Dismissal(Model):
    """Why a draft isn't sent."""

    version: int = Field(ge=0)
    reason: DismissReason
    comment: str = ""


class Edit(Model):
    """Another text."""

    version: int = Field(ge=0)
    subject: str
    body: str


@router.get("/drafts")
def drafts(who: Caller) -> dict[str, Any]:
    """What waits for a decision, by deadline."""
    size = who.site.deps.settings.page_size
    with who.reading() as connection:
        page = queries.inbox(connection, who.scope, who.now, number=number_of(who.request), size=size)
    who.note_read("drafts.listed", "drafts", None)
    return _paged(page, [_brief(line) for line in page.items])


@router.get("/drafts/{draft_id}")
def draft(who: Caller, draft_id: str) -> dict[str, Any]:
    """One draft with its evidence and checks."""
    with who.reading() as connection:
        line = queries.draft(connection, who.scope, draft_id)
        wording = rewordings.progress(connection, draft_id)
    if line is None:
        raise NotFound("There is no such draft.")
    who.note_read("draft.read", draft_id, line.client_id)
    return {**_whole(line), "wording": wording}


@router.post("/drafts/{draft_id}/approve")
def approve(who: Caller, draft_id: str, asked: Approval) -> dict[str, Any]:
    """Send it: now, or when the client's hours begin."""
    with who.acting() as desk:
        leaves_at = desk.approve(draft_id, asked.version, at_once=asked.at_once)
    return {"draft_id": draft_id, "state": "approved", "leaves_at": leaves_at}


@router.post("/drafts/{draft_id}/dismiss")
def dismiss(who: Caller, draft_id: str, asked: Dismissal) -> dict[str, Any]:
    """Don't send it."""
    with who.acting() as desk:
        desk.dismiss(draft_id, asked.version, asked.reason, asked.comment)
    return {"draft_id": draft_id, "state": "dismissed"}


@router.post("/drafts/{draft_id}/edit")
def edit(who: Caller, draft_id: str, asked: Edit) -> dict[str, Any]:
    """Keep another text; the answer holds what was found in it."""
    with who.acting() as desk:
        desk.edit(draft_id, asked.version, asked.subject, asked.body)
        line = queries.draft(desk.connection, who.scope, draft_id)
    if line is None:
        raise NotFound("There is no such draft.")
    return _whole(line)


@router.post("/drafts/{draft_id}/wording")
def wording(who: Caller, draft_id: str, asked: Version) -> dict[str, Any]:
    """Take the words that a language model proposed; the answer holds what was found in them."""
    with who.acting() as desk:
        Relations(desk).take_wording(draft_id, asked.version)
        line = queries.draft(desk.connection, who.scope, draft_id)
    if line is None:
        raise NotFound("There is no such draft.")
    return _whole(line)


@router.get("/alerts/{alert_id}")
def alert(who: Caller, alert_id: str) -> dict[str, Any]:
    """One verdict with its reasons and evidence."""
    with who.reading() as connection:
        found = queries.alert(connection, who.scope, alert_id)
    if found is None:
        raise NotFound("There is no such alert.")
    who.note_read("alert.read", alert_id, found.client_id)
    return found.model_dump(mode="json", exclude_none=True)


@router.get("/clients")
def clients(who: Caller) -> dict[str, Any]:
    """Clients by name."""
    size = who.site.deps.settings.page_size
    search = who.request.query_params.get("q", "").strip()[:100]
    with who.reading() as connection:
        page = queries.client_lines(connection, who.scope, search=search, number=number_of(who.request), size=size)
    who.note_read("clients.listed", "clients", None)
    return _paged(page, [book.client.model_dump(mode="json", exclude_none=True) for book in page.items])


@router.get("/held")
def held(who: Caller) -> dict[str, Any]:
    """Held rumors, newest first."""
    size = who.site.deps.settings.page_size
    with who.reading() as connection:
        page = queries.held(connection, who.scope, number=number_of(who.request), size=size)
    who.note_read("held.listed", "held", None)
    return _paged(page, [one.model_dump(mode="json", exclude_none=True) for one, _ in page.items])


@router.get("/advice")
def advice(who: Caller) -> dict[str, Any]:
    """How our opinions fared, in groups (``?by=rule``, ``kind``, ``stance``, ``client``, ``manager``), and each."""
    by, days, size = asked_by(who), asked_days(who), who.site.deps.settings.page_size
    with who.reading() as connection:
        given = sent_opinions(connection, who.scope, period_start(days, who.now))
    who.note_read("advice.read", "advice", None)
    pages = max(1, -(-len(given) // size))
    number = min(max(1, number_of(who.request)), pages)
    page = queries.Page(given[(number - 1) * size : number * size], len(given), number, size)
    groups = [group_summary(group) for group in group_opinions(given, by)]
    return {"by": by, "days": days, "groups": groups, **_paged(page, [opinion_row(one) for one in page.items])}


@router.get("/managers")
def managers(who: Caller) -> dict[str, Any]:
    """Account managers, and by what each gets digests and urgent news."""
    with who.reading() as connection:
        found = reaches(who, connection)
    return {"items": [one.plain() for one in found]}


@router.put("/managers/{manager_id}/reach")
def reach(who: Caller, manager_id: str, wishes: Chosen) -> dict[str, Any]:
    """Choose by what a manager gets them: channels in order, [] for none; what is left out is as the book has it."""
    keep(who, manager_id, wishes)
    with who.reading() as connection:
        return next(one.plain() for one in reaches(who, connection) if one.manager.id == manager_id)


@router.get("/deliveries")
def deliveries(who: Caller) -> dict[str, Any]:
    """What went out and what didn't, the newest first; ``?status=failed`` shows only those."""
    size, status = who.site.deps.settings.page_size, who.request.query_params.get("status")
    with who.reading() as connection:
        page = queries.delivery_lines(connection, who.scope, status=status, number=number_of(who.request), size=size)
    who.note_read("deliveries.listed", "deliveries", None)
    return _paged(page, [dict(row) for row in page.items])


@router.get("/audit")
def audit(who: Caller) -> dict[str, Any]:
    """The audit log, for the owner; the filters are those of the page."""
    page = listed(who)
    return _paged(page, list(page.items))


@router.get("/feeds")
def feeds(who: Caller) -> dict[str, Any]:
    """Feeds and how they are."""
    return {"items": list(who.site.deps.feeds_view())}


@router.get("/health")
def health(who: Caller) -> dict[str, Any]:
    """What is wrong, if anything."""
    with who.reading() as connection:
        counts = queries.counts(connection, who.scope)
    return {
        "waiting_for": not_ready(who.site),
        "feeds_with_a_problem": [feed.id for feed in who.site.ill_feeds()],
        "deliveries_of_unknown_outcome": counts.unknown,
        "inbox": counts.inbox,
        "held": counts.held,
    }


def _paged(page: queries.Page[Any], items: list[Any]) -> dict[str, Any]:
    return {"items": items, "total": page.total, "page": page.number, "pages": page.pages}


def _brief(line: DraftLine) -> dict[str, Any]:
    names = ("id", "client_id", "client_name", "verdict", "urgency", "state", "subject", "version", "grade")
    moments = ("created_at", "send_after", "deadline_at")
    return {name: getattr(line, name) for name in (*names, *moments)}


def _whole(line: DraftLine) -> dict[str, Any]:
    checks = checks_of(line)
    return {
        **_brief(line),
        "body": line.body,
        "revision": line.revision,
        "outcome": line.outcome,
        "draft": line.draft.model_dump(mode="json", exclude_none=True),
        "alert": None if line.alert is None else line.alert.model_dump(mode="json", exclude_none=True),
        "grounding": [entry.model_dump(mode="json") for entry in checks.grounding],
        "findings": [entry.model_dump(mode="json") for entry in checks.findings],
    }
