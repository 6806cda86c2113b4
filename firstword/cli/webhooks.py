"""``firstword webhooks``: where webhooks go, whether they arrive, and sending again."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from firstword.cli.console import error, out, print_json, table, warn
from firstword.cli.moments import Moment, moment
from firstword.cli.ops import note
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common, outbound
from firstword.store import Store
from schemas.webhooks import WEBHOOKS
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.webhooks import disabling, endpoints, log, outbox, replay
from services.notifier.webhooks.endpoints import Endpoint, Wants
from services.notifier.webhooks.outbox import FinishedWebhook
from services.notifier.webhooks.payloads import trial_message

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Post what happens to other programs: endpoints, their secrets, what was sent, and sending again.",
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The endpoint's id, as 'list' shows it.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where to post to.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help=f"Only these; may be given again. {', '.join(WEBHOOKS)}")
    ] = None,
    client: Annotated[list[str] | None, typer.Option("--client", help="Only of this client; may be repeated.")] = None,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", help="Only of this watched thing; may be repeated.")
    ] = None,
    description: Annotated[str, typer.Option("--description", help="What it is, for people.")] = "",
    ordered: Annotated[
        bool, typer.Option("--ordered", help="One at a time, in order; one that fails holds up those behind it.")
    ] = False,
    concurrency: Annotated[int, typer.Option(help="At most so many requests at once.")] = endpoints.CONCURRENCY,
    per_second: Annotated[float, typer.Option(help="At most so many requests a second.")] = endpoints.PER_SECOND,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Post to an address from now on. Prints its secret, with which the other side checks the signatures.

    What happened before it was added is sent by 'webhooks replay ID --since 6h'.

    [b]Example[/b]  firstword webhooks add https://hooks.example/firstword --type alert.raised --type rumor.held
    """
    wants = Wants(types=tuple(types or ()), clients=tuple(client or ()), entities=tuple(entity or ()))
    with _store(data) as store, store.engine.begin() as connection:
        made = endpoints.add(
            connection,
            url,
            store.clock.now(),
            wants=wants,
            description=description,
            ordered=ordered,
            concurrency=concurrency,
            per_second=per_second,
        )
        note(connection, store, "webhook.added", made.id, made.shown)
    _tell_secret(made.id, made.signing(made.created_at)[0], as_json)
    if url.startswith("http://"):
        warn("what is posted there can be read on its way; give an address that begins with https:// if there is one")


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the endpoints and how they are."""
    with _store(data) as store, reading(store.engine) as connection:
        every = endpoints.endpoints(connection)
        counts = log.counts(connection)
    if as_json:
        print_json([{**_plain(one), "deliveries": counts.get(one.id, {})} for one in every])
        return
    table(
        ("id", "state", "address", "wants", "waiting", "failed", "last delivered"),
        (
            (
                one.id,
                one.state,
                one.shown,
                ", ".join((*one.wants.types, *one.wants.clients, *one.wants.entities)) or "everything",
                str(counts.get(one.id, {}).get("pending", 0)),
                str(counts.get(one.id, {}).get("failed", 0)),
                f"{one.last_delivered_at:%Y-%m-%d %H:%M} UTC" if one.last_delivered_at else "–",
            )
            for one in every
        ),
        empty="No endpoints yet. Add one with 'firstword webhooks add URL'.",
    )


@app.command("show")
def show(
    endpoint: Id,
    secret: Annotated[bool, typer.Option("--secret", help="Print its secret as well.")] = False,
    data: DataDir = None,
) -> None:
    """Show an endpoint whole, as JSON."""
    with _store(data) as store, reading(store.engine) as connection:
        found = endpoints.find(connection, endpoint)
        counts = log.counts(connection).get(found.id, {})
        now = store.clock.now()
    if secret:
        with _store(data) as store, store.engine.begin() as connection:
            note(connection, store, "webhook.secret_read", found.id)
    shown = {**_plain(found), "deliveries": counts, "secrets_in_use": _in_use(found, now)}
    print_json(shown | ({"secrets": found.signing(now)} if secret else {}))


@app.command("test")
def try_out(endpoint: Id, data: DataDir = None, as_json: AsJson = False) -> None:
    """Post a test to an endpoint, now, and say what was answered. Exit code 1 unless it was taken."""
    with _store(data) as store:
        done = asyncio.run(_test(store, endpoint))
    answer = done.answer
    if as_json:
        print_json(
            {
                "webhook_id": done.claimed.delivery_id,
                "outcome": answer.kind,
                "status": answer.status,
                "detail": answer.detail,
                "elapsed_seconds": round(answer.elapsed_seconds, 3),
                "body": answer.body,
            }
        )
    elif answer.kind == "delivered":
        out.print(f"{done.claimed.endpoint.shown} {answer.detail} after {answer.elapsed_seconds:.2f} s", markup=False)
    else:
        error(f"{done.claimed.endpoint.shown}: {answer.detail}")
    if answer.kind != "delivered":
        raise typer.Exit(1)


@app.command("rotate")
def rotate(
    endpoint: Id,
    overlap_hours: Annotated[
        float, typer.Option(min=0, help="So long the former secret signs beside the new one.")
    ] = endpoints.OVERLAP.total_seconds() / 3600,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give an endpoint a new secret, and print it."""
    with _store(data) as store, store.engine.begin() as connection:
        value = endpoints.rotate(connection, endpoint, store.clock.now(), timedelta(hours=overlap_hours))
        note(connection, store, "webhook.rotated", endpoint)
    _tell_secret(endpoint, value, as_json)


@app.command("disable")
def disable(
    endpoint: Id, because: Annotated[str, typer.Option(help="Why, for people.")] = "By hand.", data: DataDir = None
) -> None:
    """Post there no more, until 'enable'. What waits stays."""
    with _store(data) as store, store.engine.begin() as connection:
        found = endpoints.find(connection, endpoint, lock=True)
        if found.state == "active":
            store.events.publish(
                connection, [disabling.disable(connection, found, "by_hand", because, store.clock.now())]
            )
            note(connection, store, "webhook.disabled", found.id, because)
    out.print(f"nothing is posted to {found.shown} any more", markup=False)


@app.command("enable")
def enable(
    endpoint: Id,
    catch_up: Annotated[
        bool, typer.Option("--catch-up", help="Post as well what happened while it was disabled.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Post there again, beginning with what waits."""
    with _store(data) as store, store.engine.begin() as connection:
        found, now = endpoints.find(connection, endpoint, lock=True), store.clock.now()
        disabling.enable(connection, found, now)
        since = found.disabled_at if catch_up else None
        count = replay.replay_span(connection, found, now, since=since) if since else 0
        note(connection, store, "webhook.enabled", found.id, f"{count} to catch up" if catch_up else None)
    out.print(f"posting to {found.shown} again{f'; {count} messages to catch up' if catch_up else ''}", markup=False)


@app.command("remove")
def remove(endpoint: Id, data: DataDir = None) -> None:
    """Forget an endpoint, what waits for it, and its log."""
    with _store(data) as store, store.engine.begin() as connection:
        gone = endpoints.remove(connection, endpoint)
        note(connection, store, "webhook.removed", endpoint, gone.shown)
    out.print(f"{gone.shown} is forgotten", markup=False)


@app.command("replay")
def again(
    endpoint: Id,
    message: Annotated[str | None, typer.Option(help="One message: its id, or its webhook-id.")] = None,
    since: Moment = None,
    until: Moment = None,
    every: Annotated[bool, typer.Option("--all", help="Also what the endpoint took already.")] = False,
    data: DataDir = None,
) -> None:
    """Send again: one message, or what happened in a span of time and didn't arrive. The webhook-id stays the same.

    [b]Examples[/b]

      firstword webhooks replay ep_1f0c --message msg_47aa

      firstword webhooks replay ep_1f0c --since 6h
    """
    if (message is None) == (since is None):
        raise BadInput("Say what to send again.", fix="Give either --message or --since.")
    with _store(data) as store, store.engine.begin() as connection:
        found, now = endpoints.find(connection, endpoint, lock=True), store.clock.now()
        if message is not None:
            replay.replay_one(connection, found, message, now)
            count = 1
        else:
            start, end = moment(since or "", now), None if until is None else moment(until, now)
            count = replay.replay_span(connection, found, now, since=start, until=end, every=every)
        note(connection, store, "webhook.replayed", found.id, f"{count} messages")
    out.print(f"{count} messages are sent again to {found.shown}", markup=False)
    if found.state != "active":
        warn(f"the endpoint is disabled; they wait until 'firstword webhooks enable {found.id}'")


@app.command("log")
def show_log(
    endpoint: Annotated[str | None, typer.Option(metavar="ID", help="Only of this endpoint.")] = None,
    delivery: Annotated[
        str | None, typer.Option(metavar="WEBHOOK-ID", help="One delivery: each request and its answer, as JSON.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only attempts that ended delivered, retry, rejected or unknown.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many attempts.")] = 50,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what was posted and what was answered, the newest first.

    [b]Example[/b]  firstword webhooks log --outcome unknown
    """
    with _store(data) as store, reading(store.engine) as connection:
        if delivery is not None:
            print_json(log.delivery(connection, delivery))
            return
        rows = log.attempts(connection, endpoint_id=endpoint, outcome=outcome, limit=limit)
    if as_json:
        print_json([dict(row) for row in rows])
        return
    table(
        ("began (UTC)", "webhook-id", "endpoint", "type", "attempt", "end", "detail"),
        (
            (
                f"{row['began_at']:%Y-%m-%d %H:%M:%S}",
                row["delivery_id"],
                row["endpoint_id"],
                row["type"],
                str(row["number"]),
                row["outcome"] or "under way",
                row["detail"] or "",
            )
            for row in rows
        ),
        empty="Nothing was posted.",
    )


async def _test(store: Store, endpoint_id: str) -> FinishedWebhook:
    now = store.clock.now()
    with store.engine.begin() as connection:
        found = endpoints.find(connection, endpoint_id)
        message = trial_message(found.id, f"evt_test_{secrets.token_hex(8)}", now)
        claimed = outbox.begin_test(connection, found, message, now)
    return await outbound.build_webhooks(store).send(claimed)


def _store(data: Any) -> Store:
    return common.open_store(read_settings(data=data))


def _tell_secret(endpoint_id: str, secret: str, as_json: bool) -> None:
    if as_json:
        print_json({"id": endpoint_id, "secret": secret})
        return
    out.print(f"endpoint {endpoint_id}", markup=False)
    out.print(f"secret   {secret}", markup=False)


def _in_use(one: Endpoint, now: datetime) -> int:
    return sum(secret.until is None or secret.until > now for secret in one.secrets)


def _plain(one: Endpoint) -> dict[str, Any]:
    left_out = ("secrets", "keys", "url", "wants")
    shown = {name: getattr(one, name) for name in one.__dataclass_fields__ if name not in left_out}
    return {"id": one.id, "url": one.shown, "wants": one.wants.model_dump(mode="json"), **shown}
