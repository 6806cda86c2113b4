"""Set up what comes in without a feed, one form for each kind; and see and change how it was set up."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from services.common.errors import FirstwordError
from services.notifier.desk.actions import inlet_setup
from services.notifier.desk.actions.feeds import with_scheme
from services.notifier.desk.context import RequestContext
from services.notifier.desk.errors import NotFound, RoleRefused, TooManyRequests
from services.notifier.desk.inlet_port import InletSetup, MailboxLook, MailboxSetup, PageSetup
from services.notifier.desk.pages.rendering import PageForm, PageRequest, redirect, render

__all__ = ["router"]

router = APIRouter(prefix="/inlets")

Line = Annotated[str, Form(max_length=2_000)]
Short = Annotated[str, Form(max_length=200)]
Secret = Annotated[str, Form(max_length=1_000)]
Port = Annotated[int, Form(ge=1, le=65_535)]
Act = Annotated[Literal["look", "save"], Form()]
#: Errors that have an answer of their own, and no place in a form.
_ELSEWHERE = (NotFound, RoleRefused, TooManyRequests)


@router.get("/page")
def new_page(context: PageRequest) -> HTMLResponse:
    """Ask for a page to watch."""
    return _page(context, PageSetup(""))


@router.post("/page")
async def post_page(
    context: PageForm, act: Act, url: Line, title: Short = "", links_under: Short = "", links_in: Short = ""
) -> Response:
    """Show what a page lists, or watch it."""
    page = _read_page(url, title, links_under, links_in)
    try:
        if act == "save":
            setup = await run_in_threadpool(inlet_setup.watch, context.viewer, context.dependencies, page)
            return redirect(f"/inlets/{setup.feed_id}", "page-watched")
        found = await inlet_setup.preview(context.viewer, context.dependencies, context.site.find_rates, page)
    except _ELSEWHERE:
        raise
    except FirstwordError as error:
        return await run_in_threadpool(_page, context, page, error=error)
    return await run_in_threadpool(_page, context, page, found=found)


@router.get("/mailbox")
def new_mailbox(context: PageRequest) -> HTMLResponse:
    """Ask for a mailbox with newsletters."""
    return _mailbox(context, MailboxSetup("", ""))


@router.post("/mailbox")
async def post_mailbox(
    context: PageForm,
    act: Act,
    host: Short,
    username: Short,
    password: Secret,
    name: Short = "",
    title: Short = "",
    port: Port = 993,
    folder: Short = "INBOX",
    verified_by: Short = "",
) -> Response:
    """Look into a mailbox, and if wanted and possible, set it up. The password is never shown again."""
    mailbox = MailboxSetup(host.strip(), username.strip(), port, folder.strip(), verified_by.strip().lower() or None)
    again = partial(_mailbox, context, mailbox, name=name.strip(), title=title.strip())
    viewer, dependencies = context.viewer, context.dependencies
    try:
        look = await inlet_setup.look(viewer, dependencies, context.site.find_rates, mailbox, password)
        if act == "save":
            setup = await run_in_threadpool(
                inlet_setup.create_mailbox, viewer, dependencies, name, title, mailbox, password
            )
            return redirect(f"/inlets/{setup.feed_id}", "mailbox-added")
    except _ELSEWHERE:
        raise
    except FirstwordError as error:
        return await run_in_threadpool(again, error=error)
    return await run_in_threadpool(again, look=look)


@router.get("/programs")
def new_inlet(context: PageRequest) -> HTMLResponse:
    """Ask for an inlet for programs or files."""
    return _inlet(context)


@router.post("/programs")
def post_inlet(
    context: PageForm, kind: Annotated[Literal["push", "folder"], Form()], name: Short, title: Short
) -> Response:
    """Set up an inlet for programs, or with a folder for files."""
    try:
        setup = inlet_setup.create(context.viewer, context.dependencies, name, title, kind)
    except _ELSEWHERE:
        raise
    except FirstwordError as error:
        return _inlet(context, error=error, name=name, title=title, kind=kind)
    return redirect(f"/inlets/{setup.feed_id}", "inlet-added")


@router.get("/{feed_id}")
def show(context: PageRequest, feed_id: str) -> HTMLResponse:
    """Show how a page, a mailbox or an inlet was set up."""
    return _setup(context, inlet_setup.setup_of(context.viewer, context.dependencies, feed_id))


@router.post("/{feed_id}/page")
async def change_page(
    context: PageForm, feed_id: str, act: Act, title: Short = "", links_under: Short = "", links_in: Short = ""
) -> Response:
    """Change how a page is watched, or show what it would list."""
    viewer, dependencies = context.viewer, context.dependencies
    setup = await run_in_threadpool(inlet_setup.setup_of, viewer, dependencies, feed_id)
    page = _read_page(setup.page.url if setup.page else "", title, links_under, links_in)
    try:
        if act == "save":
            await run_in_threadpool(inlet_setup.change_page, viewer, dependencies, feed_id, page)
            return redirect(f"/inlets/{feed_id}", "inlet-changed")
        found = await inlet_setup.preview(viewer, dependencies, context.site.find_rates, page)
    except _ELSEWHERE:
        raise
    except FirstwordError as error:
        return await run_in_threadpool(_setup, context, setup, page=page, error=error)
    return await run_in_threadpool(_setup, context, setup, page=page, found=found)


@router.post("/{feed_id}/title")
def change_title(context: PageForm, feed_id: str, title: Short) -> Response:
    """Change the name that people see of an inlet."""
    inlet_setup.change_title(context.viewer, context.dependencies, feed_id, title)
    return redirect(f"/inlets/{feed_id}", "inlet-changed")


@router.post("/{feed_id}/mailbox")
def change_mailbox(
    context: PageForm,
    feed_id: str,
    host: Short,
    username: Short,
    port: Port = 993,
    folder: Short = "INBOX",
    verified_by: Short = "",
) -> Response:
    """Change which mailbox an inlet reads."""
    mailbox = MailboxSetup(host.strip(), username.strip(), port, folder.strip(), verified_by.strip().lower() or None)
    inlet_setup.change_mailbox(context.viewer, context.dependencies, feed_id, mailbox)
    return redirect(f"/inlets/{feed_id}", "inlet-changed")


@router.post("/{feed_id}/password")
def set_password(context: PageForm, feed_id: str, password: Secret) -> Response:
    """Set the password of an inlet's mailbox."""
    inlet_setup.set_password(context.viewer, context.dependencies, feed_id, password)
    return redirect(f"/inlets/{feed_id}", "mailbox-password")


@router.post("/{feed_id}/tokens")
def post_token(
    context: PageForm,
    feed_id: str,
    name: Short,
    days: Annotated[int, Form(ge=1, le=1_826)],
) -> HTMLResponse:
    """Create a token with which a program puts items in, and show it, this once."""
    setup = inlet_setup.setup_of(context.viewer, context.dependencies, feed_id)
    with context.acting() as action:
        created = inlet_setup.create_token(action, setup, name, days)
    return _setup(context, setup, created=created)


def _read_page(url: str, title: str, links_under: str, links_in: str) -> PageSetup:
    return PageSetup(
        with_scheme(url.strip()), " ".join(title.split()) or None, links_under.strip() or None, links_in.strip() or None
    )


def _page(context: RequestContext, page: PageSetup, **values: Any) -> HTMLResponse:
    _require(context)
    return render(context, "inlet_page.html", page=page, **{"found": None, "error": None, **values})


def _mailbox(
    context: RequestContext,
    mailbox: MailboxSetup,
    *,
    look: MailboxLook | None = None,
    error: FirstwordError | None = None,
    name: str = "",
    title: str = "",
) -> HTMLResponse:
    _require(context)
    return render(
        context,
        "inlet_mailbox.html",
        mailbox=mailbox,
        look=look,
        error=error,
        name=name,
        title=title,
        may_vouch=inlet_setup.may_vouch(context.viewer),
    )


def _inlet(context: RequestContext, **values: Any) -> HTMLResponse:
    _require(context)
    return render(context, "inlet_new.html", **{"error": None, "name": "", "title": "", "kind": "push", **values})


def _setup(
    context: RequestContext,
    setup: InletSetup,
    *,
    page: PageSetup | None = None,
    found: Any = None,
    error: FirstwordError | None = None,
    created: str | None = None,
) -> HTMLResponse:
    with context.reading() as connection:
        listed = inlet_setup.tokens_of(connection, context.viewer, setup)
    feed = next((feed for feed in context.dependencies.feeds_view() if feed.id == setup.feed_id), None)
    if feed is None:
        raise NotFound("There is no such inlet or page.")
    return render(
        context,
        "inlet.html",
        setup=setup,
        feed=feed,
        page=page or setup.page,
        found=found,
        error=error,
        created=created,
        tokens=listed,
        may_vouch=inlet_setup.may_vouch(context.viewer),
    )


def _require(context: RequestContext) -> None:
    if not inlet_setup.may_set_up(context.viewer, context.dependencies):
        raise NotFound("There is no such page.")
