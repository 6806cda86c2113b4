"""``firstword events``: one event, its evidence, the clients it affects, and what each was or will be told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, get_args

import typer

from firstword.cli.console import err, out, print_json, table
from firstword.cli.operator import log_read
from firstword.cli.options import AsJson, DataDir
from firstword.cli.time_options import Since, parse_time
from firstword.compose import common
from firstword.store import Store
from schemas.alerts import Verdict
from schemas.event_views import AffectedClient, EventEvidence, EventMessage, EventView, EvidenceRecordView
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.desk import labels
from services.notifier.desk.actions.events import list_events, show_event
from services.notifier.desk.errors import NotFound
from services.notifier.event_views.clients import TELLING_OF
from services.notifier.event_views.queries import EventFilter
from services.notifier.scope import EVERYTHING

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Show events: what happened, on what evidence, whom it affects, and what each client was or will be told.",
)

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
VerdictOption = Annotated[
    str | None, typer.Option("--verdict", metavar="VERDICT", help=f"Only this verdict: {', '.join(VERDICTS)}.")
]


@app.command("list")
def list_(
    since: Since = None,
    entity: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only events about this watched name, or its id in the book.")
    ] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Only events that affect this client.")] = None,
    verdict: VerdictOption = None,
    page: Annotated[int, typer.Option(min=1, help="The page to show.")] = 1,
    limit: Annotated[int, typer.Option(min=1, help="The number of events on a page.")] = 50,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List events, those with the newest evidence first. Times are in UTC.

    An event joins what several watched names have in common: a takeover is one event for the holders of the buyer and
    of the company that is bought. *status* says how firm it stands, *grade* rates its source (A–F) and the information
    (1–6), *clients* counts whom it affects, by verdict. Events that are ignored for every client are only listed with
    `--verdict ignore`.

    **Examples:**

    - `firstword events list --since 2d`
    - `firstword events list --verdict warn --client claire-arnaud`
    - `firstword events list --json | jq -r '.items[].id'`
    """
    wanted_verdict = _verdict(verdict)
    with _store(data) as store, reading(store.engine) as connection:
        start = None if since is None else parse_time(since, store.clock.now())
        wanted = EventFilter(since=start, entity=entity, client=client, verdict=wanted_verdict)
        found = list_events(connection, EVERYTHING, wanted, number=page, size=limit)
        log_read(store, "events.listed", "events", client)
    if as_json:
        print_json({"items": found.items, "total": found.total, "page": found.number, "pages": found.pages})
        return
    table(
        ("id", "last seen (UTC)", "status", "grade", "event", "about", "clients"),
        (
            (
                line.id,
                _minute(line.last_seen_at),
                line.status,
                f"{line.source_grade}{line.information_grade}",
                line.headline,
                ", ".join(line.entities),
                f"{line.clients} ({_counts(line.verdicts)})",
            )
            for line in found.items
        ),
        empty="No event matches. An event is listed once an alert is raised on it; events that are ignored for every "
        "client are only listed with --verdict ignore.",
    )
    if found.pages > 1:
        err.print(f"Page {found.number} of {found.pages}, {found.total:,} events in all; use --page to see the others.")


@app.command("show")
def show(
    event: Annotated[
        str, typer.Argument(metavar="ID", help="The event's id, or that of one of its stories or alerts.")
    ],
    verdict: VerdictOption = None,
    page: Annotated[int, typer.Option(min=1, help="The page of clients to show.")] = 1,
    limit: Annotated[int, typer.Option(min=1, help="The number of clients on a page.")] = 50,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show one event: what happened, the evidence, the clients it affects, and what each was or will be told.

    The evidence is in the order of time; what only repeats another report stands below it and adds no weight. For each
    client you see what they have to do with the event, the verdict with its reason, and the state of the message: told
    and when, approved, waiting for a decision, held, dismissed, or why there is none. Times are in UTC.

    **Examples:**

    - `firstword events show itm_5f3a0c`
    - `firstword events show itm_5f3a0c --verdict hold`
    - `firstword events show itm_5f3a0c --json | jq '.affected[] | {client_id, state, told_at}'`
    """
    wanted_verdict = _verdict(verdict)
    with _store(data) as store, reading(store.engine) as connection:
        now = store.clock.now()
        try:
            view = show_event(
                connection, EVERYTHING, event, now, number=page, size=limit, verdict=wanted_verdict
            )  # fmt: skip
        except NotFound:
            fix = "Run 'firstword events list' to see the ids."
            raise BadInput(f"No event, story or alert has the id {event!r}.", fix=fix) from None
        log_read(store, "event.read", view.id, shown=(affected.client_id for affected in view.affected))
    if as_json:
        print_json(view.model_dump(mode="json", exclude_none=True))
        return
    _print(_heading(view))
    _print(("", "Evidence", *(line for item in view.evidence for line in _evidence(item))))
    _print(("", f"Clients: {view.clients} ({_counts(view.verdicts)})"))
    _print(line for client in view.affected for line in _client(client))
    if not view.affected:
        _print((f"  No client has the verdict {verdict}.",))
    if view.pages > 1:
        err.print(f"Page {view.page} of {view.pages} of the clients; use --page to see the others.")


def _heading(view: EventView) -> Iterable[str]:
    kind = view.kind.replace("_", " ")
    yield view.headline
    seen = f"first seen {_minute(view.first_seen_at)}, last {_minute(view.last_seen_at)}"
    yield f"{kind}, {view.size}, {view.direction} · {seen} · {view.id}"
    source, information = labels.SOURCE[view.source_grade], labels.INFORMATION[view.information_grade]
    sources = "one source" if view.origins == 1 else f"{view.origins} independent sources"
    yield (
        f"{labels.EVENT_STATUS[view.status]}: source {view.source_grade}, {source}; information "
        f"{view.information_grade}, {information}; {sources}"
    )
    yield from (f"  {reason}" for reason in view.reasons)
    if len(view.stories) > 1:
        yield "About"
        yield from (
            f"  {story.entity_name}: {labels.EVENT_STATUS[story.status]}, {story.source_grade}"
            f"{story.information_grade}, {story.headline}"
            for story in view.stories
        )


def _evidence(item: EventEvidence) -> Iterable[str]:
    first = ", first" if item.is_first else ""
    what = f"{labels.POSITION[item.position]}{first}"
    yield f"  {_when(item)}  {_publisher(item)} ({item.source_grade}) {what}: {item.title}"
    if item.attributed_to:
        yield f"      {labels.BASIS[item.basis]} ({item.attributed_to})"
    if item.url:
        yield f"      {item.url}"
    yield from (f"    {_when(copy)}  {_publisher(copy)} ({copy.source_grade}) repeats it" for copy in item.copies)


def _client(client: AffectedClient) -> Iterable[str]:
    name = f"{client.client_name}, {client.organisation}" if client.organisation else client.client_name
    yield f"  {name} ({client.client_id}): {labels.VERDICT[client.verdict]}"
    for interest in client.interests:
        reason = f": {interest.reason}" if interest.reason else ""
        yield f"    {labels.STANCE[interest.stance]} {interest.entity_name}, {interest.verdict}{reason}"
        if interest.relevance_reason:
            yield f"      {interest.relevance_reason}"
    yield from (f"    {_message(message, client)}" for message in client.messages)
    if not client.messages or TELLING_OF[client.messages[-1].state] != client.state:
        yield f"    {_state(client)}"
    if client.answer:
        yield f"    If they ask: {client.answer}"


def _message(message: EventMessage, client: AffectedClient) -> str:
    """Describe a message: its state and time, its subject, and why it did not go out."""
    parts = [labels.TELLING[TELLING_OF[message.state]]]
    if message.told_at is not None:
        parts = [f"{parts[0]} {_minute(message.told_at)}"]
    if message.expected_at is not None:
        waits = message.state in ("open", "edited", "second", "failed")
        parts.append(f"{'not before' if waits else 'goes out'} {_minute(message.expected_at)}")
    if client.overdue and message == client.messages[-1]:
        parts.append("past its deadline")
    line = f"{', '.join(parts)}: “{message.subject}” ({message.draft_id})"
    return f"{line}. {labels.outcome(message.state, message.reason)}" if message.reason else line


def _state(client: AffectedClient) -> str:
    until = "" if client.expected_at is None else f" until {_minute(client.expected_at)}"
    reason = f". {client.state_reason}" if client.state_reason and client.state != "held" else ""
    return f"{labels.TELLING[client.state]}{until}{reason}"


def _publisher(item: EvidenceRecordView) -> str:
    claimed = item.claimed_publisher
    return f"{item.publisher}, which says it is from {claimed}," if claimed else item.publisher


def _when(item: EvidenceRecordView) -> str:
    return _minute(item.published_at) if item.published_at else "undated         "


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _counts(verdicts: dict[Verdict, int]) -> str:
    return ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS if verdict in verdicts)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        out.print(line, markup=False, emoji=False)


def _verdict(text: str | None) -> Verdict | None:
    for verdict in VERDICTS:
        if verdict == text:
            return verdict
    if text is None:
        return None
    raise BadInput(f"There is no verdict {text!r}.", fix=f"Choose from {', '.join(VERDICTS)}.")


def _store(data: object) -> Store:
    return common.open_store(read_settings(data=data))
