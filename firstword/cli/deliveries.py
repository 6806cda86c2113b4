"""``firstword deliveries``: approved messages on their way to clients, and messages to account managers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, get_args

import typer

from firstword.cli.console import out, print_json, table
from firstword.cli.operator import OPERATOR, log_read
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.store import Store
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier import queries
from services.notifier.delivery import queries as delivery_queries
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.actions.deliveries import send_again
from services.notifier.desk.actions.undo import take_back
from services.notifier.digest import manager_outbox
from services.notifier.scope import EVERYTHING

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="List, retry and cancel messages to clients; list messages to account managers.",
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The delivery's id, as 'list' shows it.")]
TO_MANAGERS: tuple[str, ...] = get_args(manager_outbox.Status)
STATUSES = ("pending", "sending", "delivered", "failed", "unknown")


def _require_known(status: str | None, known: Sequence[str]) -> None:
    if status is not None and status not in known:
        raise BadInput(f"There is no status {status!r}.", fix=f"Choose from {', '.join(known)}.")


@app.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help=f"Only one status: {', '.join(STATUSES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The maximum number of entries.")] = 100,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List approved messages to clients and their status, the newest first.

    **Example:** `firstword deliveries list --status unknown`
    """
    _require_known(status, STATUSES)
    with _store(data) as store, reading(store.engine) as connection:
        rows = delivery_queries.newest(connection, status=status, limit=limit)
        log_read(store, "deliveries.listed", "deliveries", shown=(row["client_id"] for row in rows))
    if as_json:
        print_json([dict(row) for row in rows])
        return
    table(
        ("id", "status", "channel", "to", "subject", "attempts", "next (UTC)", "last error"),
        (
            (
                row["id"],
                row["status"],
                row["channel"],
                row["recipient"],
                row["subject"],
                str(row["attempts"]),
                f"{row['next_attempt_at']:%Y-%m-%d %H:%M}" if row["next_attempt_at"] else "–",
                row["last_error"] or "",
            )
            for row in rows
        ),
        empty="No deliveries.",
    )


@app.command("managers")
def to_managers(
    status: Annotated[str | None, typer.Option(help=f"Only one status: {', '.join(TO_MANAGERS)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The maximum number of entries.")] = 100,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List digests and urgent news to account managers and their status, the newest first.

    **Example:** `firstword deliveries managers --status failed`
    """
    _require_known(status, TO_MANAGERS)
    with _store(data) as store, reading(store.engine) as connection:
        rows = manager_outbox.newest(connection, status=status, limit=limit)
        log_read(store, "deliveries.listed", "managers")
    if as_json:
        print_json([{name: value for name, value in row.items() if name not in ("html", "chat")} for row in rows])
        return
    table(
        ("created (UTC)", "kind", "manager", "status", "channel", "subject", "next (UTC)", "last error"),
        (
            (
                f"{row['made_at']:%Y-%m-%d %H:%M}",
                row["kind"],
                row["manager_id"],
                row["status"],
                row["channel"],
                row["subject"],
                f"{row['next_attempt_at']:%Y-%m-%d %H:%M}" if row["status"] == "pending" else "–",
                row["last_error"] or "",
            )
            for row in rows
        ),
        empty="No messages. The desk's page /managers shows who gets what, and by which channel.",
    )


@app.command("show")
def show(delivery: Id, data: DataDir = None) -> None:
    """Show a delivery in full, with every attempt, as JSON."""
    with _store(data) as store, reading(store.engine) as connection:
        row = queries.delivery(connection, EVERYTHING, delivery)
        if row is None:
            raise _unknown(delivery)
        log_read(store, "delivery.read", delivery, row["client_id"])
        print_json({**row, "tries": [dict(attempt) for attempt in delivery_queries.attempts(connection, delivery)]})


@app.command("retry")
def retry(delivery: Id, data: DataDir = None) -> None:
    """Send a failed message again, or one whose outcome is unknown. In the second case the client may get it twice."""
    with _store(data) as store, store.engine.begin() as connection:
        row = queries.delivery(connection, EVERYTHING, delivery)
        if row is None:
            raise _unknown(delivery)
        if row["status"] not in ("failed", "unknown"):
            fix = "Choose one from 'firstword deliveries list --status failed', or --status unknown."
            message = f"{delivery} is {row['status']}; only a delivery that is failed or unknown can be sent again."
            raise BadInput(message, fix=fix)
        send_again(ActionContext(connection, store.events, OPERATOR, store.clock.now()), delivery)
    out.print(f"{delivery} will be sent again.", markup=False)


@app.command("cancel")
def cancel(delivery: Id, data: DataDir = None) -> None:
    """Cancel a message that has not been sent yet; its draft returns to the inbox."""
    with _store(data) as store, store.engine.begin() as connection:
        row = queries.delivery(connection, EVERYTHING, delivery)
        if row is None:
            raise _unknown(delivery)
        line = queries.draft(connection, EVERYTHING, row["draft_id"])
        if row["status"] != "pending" or line is None:
            raise BadInput(
                f"{delivery} is {row['status']}; only a pending delivery can be canceled.",
                fix="If it may not have arrived, resolve it on the desk, under 'Sent'.",
            )
        take_back(ActionContext(connection, store.events, OPERATOR, store.clock.now()), line.id, line.version)
    out.print(f"Canceled {delivery}; its draft is back in the inbox.", markup=False)


def _store(data: object) -> Store:
    return common.open_store(read_settings(data=data))


def _unknown(delivery: str) -> BadInput:
    return BadInput(f"No delivery has the id {delivery!r}.", fix="Run 'firstword deliveries list' to see the ids.")
