"""``firstword webhooks``: manage webhook endpoints, look at their deliveries, and send again."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from firstword.cli.console import error, out, print_json, table, warn
from firstword.cli.operator import log_action, log_read
from firstword.cli.options import AsJson, DataDir
from firstword.cli.time_options import Since, Until, parse_time
from firstword.compose import common, outbound
from firstword.store import Store
from schemas.webhooks import WEBHOOKS
from services.common.db import reading
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.notifier.webhooks import disabling, endpoints, log, outbox, replay
from services.notifier.webhooks.endpoints import Endpoint, Subscription
from services.notifier.webhooks.outbox import FinishedWebhook
from services.notifier.webhooks.payloads import trial_message

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Manage the endpoints that events are posted to; see what was sent; send it again.",
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The endpoint's id, as 'list' shows it.")]


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="The address to post to.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help=f"Only this type; may be repeated. One of {', '.join(WEBHOOKS)}.")
    ] = None,
    client: Annotated[list[str] | None, typer.Option("--client", help="Only this client; may be repeated.")] = None,
    entity: Annotated[
        list[str] | None, typer.Option("--entity", help="Only this watched entity; may be repeated.")
    ] = None,
    description: Annotated[str, typer.Option("--description", help="A description for people.")] = "",
    ordered: Annotated[
        bool, typer.Option("--ordered", help="Post one at a time, in order; a failing one blocks those after it.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option(help="The maximum number of requests at the same time.")
    ] = endpoints.CONCURRENCY,
    per_second: Annotated[
        float, typer.Option(help="The maximum number of requests per second.")
    ] = endpoints.PER_SECOND,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add an endpoint, and print the secret with which the receiver verifies signatures.

    The endpoint gets new events only. To send earlier ones, run 'firstword webhooks replay ID --since 6h'.

    **Example:** `firstword webhooks add https://hooks.example/firstword --type alert.raised --type rumor.held`
    """
    wants = Subscription(types=tuple(types or ()), clients=tuple(client or ()), entities=tuple(entity or ()))
    with _store(data) as store, store.engine.begin() as connection:
        added = endpoints.add(
            connection,
            url,
            store.clock.now(),
            wants=wants,
            description=description,
            ordered=ordered,
            concurrency=concurrency,
            per_second=per_second,
        )
        log_action(connection, store, "webhook.added", added.id, added.shown)
    _print_secret(added.id, added.signing(added.created_at)[0], as_json)
    if url.startswith("http://"):
        warn("data sent to an http:// address can be read in transit; use an https:// address if there is one")


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the endpoints and their state."""
    with _store(data) as store, reading(store.engine) as connection:
        found = endpoints.all_endpoints(connection)
        counts = log.counts(connection)
    if as_json:
        print_json([{**_public(endpoint), "deliveries": counts.get(endpoint.id, {})} for endpoint in found])
        return
    table(
        ("id", "state", "address", "events", "waiting", "failed", "last delivered"),
        (
            (
                endpoint.id,
                endpoint.state,
                endpoint.shown,
                ", ".join((*endpoint.wants.types, *endpoint.wants.clients, *endpoint.wants.entities)) or "all",
                str(counts.get(endpoint.id, {}).get("pending", 0)),
                str(counts.get(endpoint.id, {}).get("failed", 0)),
                f"{endpoint.last_delivered_at:%Y-%m-%d %H:%M} UTC" if endpoint.last_delivered_at else "–",
            )
            for endpoint in found
        ),
        empty="No endpoints yet. Add one with 'firstword webhooks add URL'.",
    )


@app.command("show")
def show(
    endpoint: Id,
    secret: Annotated[bool, typer.Option("--secret", help="Include the secret.")] = False,
    data: DataDir = None,
) -> None:
    """Show an endpoint in full, as JSON."""
    with _store(data) as store, reading(store.engine) as connection:
        found = endpoints.find(connection, endpoint)
        counts = log.counts(connection).get(found.id, {})
        now = store.clock.now()
    if secret:
        with _store(data) as store, store.engine.begin() as connection:
            log_action(connection, store, "webhook.secret_read", found.id)
    shown = {**_public(found), "deliveries": counts, "secrets_in_use": _valid_secrets(found, now)}
    print_json(shown | ({"secrets": found.signing(now)} if secret else {}))


@app.command("test")
def try_out(endpoint: Id, data: DataDir = None, as_json: AsJson = False) -> None:
    """Post a test event to an endpoint now, and show the answer. The exit code is 1 unless it was accepted."""
    with _store(data) as store:
        done = asyncio.run(_test(store, endpoint))
    result = done.result
    if as_json:
        print_json(
            {
                "webhook_id": done.claimed.delivery_id,
                "outcome": result.kind,
                "status": result.status,
                "detail": result.detail,
                "elapsed_seconds": round(result.elapsed_seconds, 3),
                "body": result.body,
            }
        )
    elif result.kind == "delivered":
        out.print(f"{done.claimed.endpoint.shown} {result.detail} after {result.elapsed_seconds:.2f} s", markup=False)
    else:
        error(f"{done.claimed.endpoint.shown}: {result.detail}")
    if result.kind != "delivered":
        raise typer.Exit(1)


@app.command("rotate")
def rotate(
    endpoint: Id,
    overlap_hours: Annotated[
        float, typer.Option(min=0, help="The number of hours for which the old secret stays valid too.")
    ] = endpoints.OVERLAP.total_seconds() / 3600,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Create a new secret for an endpoint, and print it."""
    with _store(data) as store, store.engine.begin() as connection:
        value = endpoints.rotate(connection, endpoint, store.clock.now(), timedelta(hours=overlap_hours))
        log_action(connection, store, "webhook.rotated", endpoint)
    _print_secret(endpoint, value, as_json)


@app.command("disable")
def disable(
    endpoint: Id,
    because: Annotated[str, typer.Option(help="The reason, for people.")] = "By hand.",
    data: DataDir = None,
) -> None:
    """Stop posting to an endpoint until you run 'firstword webhooks enable'. Waiting messages are kept."""
    with _store(data) as store, store.engine.begin() as connection:
        found = endpoints.find(connection, endpoint, lock=True)
        if found.state == "active":
            store.events.publish(
                connection, [disabling.disable(connection, found, "by_hand", because, store.clock.now())]
            )
            log_action(connection, store, "webhook.disabled", found.id, because)
    out.print(f"Disabled {found.shown}.", markup=False)


@app.command("enable")
def enable(
    endpoint: Id,
    catch_up: Annotated[
        bool, typer.Option("--catch-up", help="Also send the events from while it was disabled.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Start posting to an endpoint again, beginning with the waiting messages."""
    with _store(data) as store, store.engine.begin() as connection:
        found, now = endpoints.find(connection, endpoint, lock=True), store.clock.now()
        disabling.enable(connection, found, now)
        since = found.disabled_at if catch_up else None
        count = replay.replay_span(connection, found, now, since=since) if since else 0
        log_action(connection, store, "webhook.enabled", found.id, f"{count} to catch up" if catch_up else None)
    out.print(f"Enabled {found.shown}{f'; {count} messages to catch up' if catch_up else ''}.", markup=False)


@app.command("remove")
def remove(endpoint: Id, data: DataDir = None) -> None:
    """Remove an endpoint, its waiting messages and its log."""
    with _store(data) as store, store.engine.begin() as connection:
        removed = endpoints.remove(connection, endpoint)
        log_action(connection, store, "webhook.removed", endpoint, removed.shown)
    out.print(f"Removed {removed.shown}.", markup=False)


@app.command("replay")
def replay_(
    endpoint: Id,
    message: Annotated[str | None, typer.Option(help="Send one message: its id, or its webhook-id.")] = None,
    since: Since = None,
    until: Until = None,
    every: Annotated[bool, typer.Option("--all", help="Include messages that the endpoint accepted already.")] = False,
    data: DataDir = None,
) -> None:
    """Send one message again, or all of a period that were not accepted. Their webhook-ids stay the same.

    **Examples:**

    - `firstword webhooks replay ep_1f0c --message msg_47aa`
    - `firstword webhooks replay ep_1f0c --since 6h`
    """
    if (message is None) == (since is None):
        raise BadInput("Nothing selects the messages to resend.", fix="Give either --message or --since.")
    with _store(data) as store, store.engine.begin() as connection:
        found, now = endpoints.find(connection, endpoint, lock=True), store.clock.now()
        if message is not None:
            replay.replay_message(connection, found, message, now)
            count = 1
        else:
            start, end = parse_time(since or "", now), None if until is None else parse_time(until, now)
            count = replay.replay_span(connection, found, now, since=start, until=end, also_delivered=every)
        log_action(connection, store, "webhook.replayed", found.id, f"{count} messages")
    out.print(f"{count} message(s) will be sent again to {found.shown}.", markup=False)
    if found.state != "active":
        warn(f"the endpoint is disabled; they wait until you run 'firstword webhooks enable {found.id}'")


@app.command("log")
def show_log(
    endpoint: Annotated[str | None, typer.Option(metavar="ID", help="Only this endpoint.")] = None,
    delivery: Annotated[
        str | None, typer.Option(metavar="WEBHOOK-ID", help="One delivery with each request and answer, as JSON.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only this outcome: delivered, retry, rejected or unknown.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The maximum number of attempts.")] = 50,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the attempts to post, with their answers, the newest first.

    **Example:** `firstword webhooks log --outcome unknown`
    """
    with _store(data) as store:
        with reading(store.engine) as connection:
            if delivery is not None:
                found = log.delivery(connection, delivery)
            else:
                rows = log.attempts(connection, endpoint_id=endpoint, outcome=outcome, limit=limit)
        log_read(store, "webhook.log_read", delivery or endpoint or "webhooks")
    if delivery is not None:
        print_json(found)
        return
    if as_json:
        print_json([dict(row) for row in rows])
        return
    table(
        ("started (UTC)", "webhook-id", "endpoint", "type", "attempt", "outcome", "detail"),
        (
            (
                f"{row['began_at']:%Y-%m-%d %H:%M:%S}",
                row["delivery_id"],
                row["endpoint_id"],
                row["type"],
                str(row["number"]),
                row["outcome"] or "in progress",
                row["detail"] or "",
            )
            for row in rows
        ),
        empty="No attempts yet.",
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


def _print_secret(endpoint_id: str, secret: str, as_json: bool) -> None:
    if as_json:
        print_json({"id": endpoint_id, "secret": secret})
        return
    out.print(f"endpoint {endpoint_id}", markup=False)
    out.print(f"secret   {secret}", markup=False)


def _valid_secrets(endpoint: Endpoint, now: datetime) -> int:
    return sum(secret.until is None or secret.until > now for secret in endpoint.secrets)


def _public(endpoint: Endpoint) -> dict[str, Any]:
    private = ("secrets", "keys", "url", "wants")
    shown = {name: getattr(endpoint, name) for name in endpoint.__dataclass_fields__ if name not in private}
    return {"id": endpoint.id, "url": endpoint.shown, "wants": endpoint.wants.model_dump(mode="json"), **shown}
