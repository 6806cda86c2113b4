"""Check an installation: what is configured, reachable, late or broken, and how to fix it."""

from __future__ import annotations

import asyncio
import json
import platform
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from firstword import __version__
from firstword.disk_space import free_bytes, is_low
from firstword.firm_files import (
    gate_in_force,
    gate_path,
    own_playbooks_path,
    own_trades_path,
    playbooks_in_force,
    trades_in_force,
)
from firstword.python_flaws import outdated_python
from firstword.storage.dead_letters import DeadLetters
from firstword.store import Store
from firstword.system import InUse, lock_folder
from firstword.threshold_file import require_thresholds
from services.common.db import reading
from services.common.errors import BadInput
from services.common.http import GuardedClient
from services.common.http_errors import FetchFailed
from services.common.sealing import LockedSecret
from services.common.settings import EndpointSettings
from services.ingest.repository import FeedState, Repository
from services.ingest.service import IngestService
from services.notifier import model_answers, queries
from services.notifier.delivery.outages import outages
from services.notifier.digest import manager_outbox
from services.notifier.model_answers import Purpose
from services.notifier.scope import EVERYTHING
from services.notifier.webhooks import endpoints, log
from services.notifier.webhooks.endpoints import Endpoint

__all__ = ["Check", "run_checks"]

#: A consumer with more waiting events is behind.
BEHIND_EVENTS = 2_000


BuildProbe = Callable[[str], GuardedClient]


@dataclass
class Check:
    """The result of one check. ``fix`` says what to do, if anything."""

    state: Literal["ok", "note", "warn", "fail"]
    what: str
    found: str
    fix: str | None = None


def run_checks(store: Store, ingest: IngestService, lags: Mapping[str, int], build_probe: BuildProbe) -> list[Check]:
    """Run all checks and return their results, in the order in which a person would check.

    ``build_probe`` builds the client that asks a language model's endpoint whether it answers.
    """
    return [
        _version(),
        *(_embedded(store, lags) if store.settings.database is None else [_stack(store)]),
        _book(store),
        *_own_rules(store),
        *_feeds(ingest),
        _quarantine(ingest),
        _dead_letters(store),
        _deliveries(store),
        *_managers(store),
        *_keys(store),
        *_webhooks(store),
        _contact(store),
        _mail(store),
        _language_model(store, build_probe),
        _second_reader(store, build_probe),
    ]


def _version() -> Check:
    found = f"firstword {__version__}, Python {platform.python_version()}"
    if (needed := outdated_python(sys.version_info[:3])) is None:
        return Check("ok", "version", found)
    return Check("warn", "version", found, f"{needed} Update Python.")


def _embedded(store: Store, lags: Mapping[str, int]) -> list[Check]:
    """Check what only an embedded system has."""
    running = _is_running(store)
    return [
        _disk(store),
        Check("ok" if running else "note", "running", "yes" if running else "no; 'firstword up' starts it"),
        *([_desk(store)] if running else []),
        *_lags(lags, running),
    ]


def _stack(store: Store) -> Check:
    where = store.engine.url.render_as_string(hide_password=True)
    return Check("ok", "database", f"{where} answers; for the workers, see 'firstword lag' and 'firstword dlq list'")


def _is_running(store: Store) -> bool:
    try:
        with lock_folder(store.settings.data):
            return False
    except InUse:
        return True


def _disk(store: Store) -> Check:
    free = free_bytes(store.settings.data)
    found = f"{store.settings.data}, {free / 1e9:,.1f} GB free"
    if is_low(free):
        return Check("warn", "data folder", found, "Free some space, or move the folder and name it with --data.")
    return Check("ok", "data folder", found)


def _desk(store: Store) -> Check:
    settings = store.settings
    try:
        with socket.create_connection((settings.host, settings.port), timeout=2):
            return Check("ok", "desk", f"answers at {settings.address}")
    except OSError as error:
        return Check(
            "fail",
            "desk",
            f"doesn't answer at {settings.address}: {error}",
            "Give the port that it was started with by --port, or check the output of 'firstword up'.",
        )


def _book(store: Store) -> Check:
    book = store.book()
    if book is None:
        return Check("note", "client book", "empty", "Import one with 'firstword clients import BOOK'.")
    watches = {watch.entity_id for client in book.clients for watch in client.watches}
    sample = ", the sample" if book.firm.sample else ""
    return Check("ok", "client book", f"{len(book.clients)} clients, {len(watches)} watched names{sample}")


def _own_rules(store: Store) -> list[Check]:
    """Check the firm's own trades, playbooks, gate and thresholds. With an error in them, nothing starts."""
    settings = store.settings
    folder = own_playbooks_path(settings)
    checks = [_own_trades(store)]
    if checks[0].state == "fail":
        return checks  # playbooks are for trades
    try:
        own = [playbook for layer in playbooks_in_force(settings).layers[1:] for playbook in layer]
        rules = sum(len(playbook.rules) for playbook in own)
        of_managers = sum(playbook.manager is not None for playbook in own)
        found = f"{len(own)} of your own in {folder} ({of_managers} of account managers), with {rules} rules"
        if not own:
            found = f"those that ship with Firstword; put your own into {folder}"
        checks.append(Check("ok", "playbooks", found))
    except BadInput as problem:
        fix = f"Correct them; 'firstword playbooks check {folder}' checks them again."
        checks.append(Check("fail", "playbooks", str(problem), fix))
    try:
        gate = gate_in_force(settings)
        own_gate = f"your own, from {gate_path(settings)}" if gate.effects else "the defaults"
        checks.append(Check("ok", "gate", f"{own_gate}; 'firstword gate show' lists them"))
    except BadInput as problem:
        fix = f"Correct it; 'firstword gate check {gate_path(settings)}' checks it again."
        checks.append(Check("fail", "gate", str(problem), fix))
    if settings.thresholds is not None:
        try:
            require_thresholds(settings.thresholds)
            checks.append(Check("ok", "thresholds", f"your own, from {settings.thresholds}"))
        except BadInput as problem:
            fix = "Correct the file, or unset FIRSTWORD_THRESHOLDS."
            checks.append(Check("fail", "thresholds", str(problem), fix))
    return checks


def _own_trades(store: Store) -> Check:
    """Check the firm's own trades, and that those in the client book are defined."""
    folder, book = own_trades_path(store.settings), store.book()
    try:
        trades = trades_in_force(store.settings)
    except BadInput as problem:
        fix = f"Correct them; 'firstword trades check {folder}' checks them again."
        return Check("fail", "trades", str(problem), fix)
    used = () if book is None else {client.trade for client in book.clients}
    if unknown := sorted(set(used) - set(trades.names)):
        found = f"the client book names {', '.join(unknown)}, which no file in {folder} defines any longer"
        return Check("note", "trades", found, "Restore the file, or give these clients another trade.")
    own = f"{len(trades.own)} of your own in {folder}: {', '.join(trades.own)}"
    return Check("ok", "trades", own if trades.own else f"those that ship with Firstword; put your own into {folder}")


def _language_model(store: Store, build_probe: BuildProbe) -> Check:
    llm, without = store.settings.llm, "drafts are written from the playbooks alone"
    if llm.url is None and llm.writes == "write":
        fix = "Set FIRSTWORD_LLM_URL, or unset FIRSTWORD_LLM_WRITES."
        return Check("warn", "language model", "FIRSTWORD_LLM_WRITES is set, but there is no endpoint", fix)
    if llm.url is not None and llm.writes == "off":
        return Check("note", "language model", f"switched off; {without}")
    does = "it writes messages beside the drafts" if llm.writes == "write" else "it rewords drafts"
    return _model(store, build_probe, "language model", llm, "rewording", without, does)


def _second_reader(store: Store, build_probe: BuildProbe) -> Check:
    without = "news is read by the shipped model alone"
    does = "it reads public news"
    return _model(store, build_probe, "second reader", store.settings.second_reader, "reading", without, does)


def _model(
    store: Store,
    build_probe: BuildProbe,
    what: str,
    llm: EndpointSettings,
    purpose: Purpose,
    without: str,
    does: str,
) -> Check:
    """Check that a model's endpoint answers, takes the key and has the model. ``without``: what holds if it doesn't."""
    if llm.url is None:
        return Check("note", what, f"not configured; {without}")
    variable = f"{llm.model_config['env_prefix']}URL"
    address = urlsplit(llm.url)
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
    except ValueError:
        port = 0
    if address.scheme not in ("http", "https") or not address.hostname or not port:
        fix = f"Write {variable} as http://127.0.0.1:8000/v1."
        return Check("fail", what, "its address is not valid", fix)
    where = f"{address.hostname}:{port}"
    with reading(store.engine) as connection:
        spent = model_answers.spent_today(connection, purpose, store.clock.now())
    variables = variable.removesuffix("_URL")
    try:
        status, models = asyncio.run(_ask_for_models(build_probe(llm.url), llm, llm.url))
    except FetchFailed as error:
        return Check("warn", what, f"{where} can't be reached: {error}", f"Check {variable}. Until then, {without}.")
    if status in (401, 403):
        return Check("fail", what, f"{where} does not accept the key ({status})", f"Check {variables}_KEY.")
    if models and llm.model not in models:
        known = ", ".join(models[:5])
        return Check("warn", what, f"{where} has no model {llm.model}; it has {known}", f"Check {variables}_MODEL.")
    found = f"{llm.model} at {where} answers; {does}; {spent:,} of today's {llm.daily_tokens:,} tokens are used"
    return Check("ok", what, found)


async def _ask_for_models(probe: GuardedClient, llm: EndpointSettings, url: str) -> tuple[int, list[str]]:
    """Return the status of a request for the endpoint's models, and their names if it lists them."""
    headers = {"authorization": f"Bearer {llm.key.get_secret_value()}"} if llm.key is not None else {}
    answer = await probe.request("GET", f"{url.rstrip('/')}/models", headers=headers)
    try:
        return answer.status, [str(model["id"]) for model in json.loads(answer.body)["data"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return answer.status, []  # not every endpoint lists its models


def _feeds(ingest: IngestService) -> list[Check]:
    states = ingest.list_feeds()
    if not states:
        return [Check("note", "feeds", "none", "Add some with 'firstword feeds import OPML'.")]
    failing = [state for state in states if state.health.status in ("silent", "broken", "unreachable", "gone")]
    checks = [Check("ok", "feeds", f"{len(states)} feeds, {len(failing)} with problems")]
    return checks + [_feed(state) for state in failing]


def _feed(state: FeedState) -> Check:
    name = state.feed.title or state.feed.publisher or state.feed.url
    reason = state.health.reason or state.health.status
    return Check("warn", f"feed {name}", f"{state.health.status}: {reason}", state.health.mend)


def _lags(lags: Mapping[str, int], running: bool) -> list[Check]:
    behind = {name: lag for name, lag in lags.items() if lag > BEHIND_EVENTS}
    if not behind:
        waiting = sum(lags.values())
        return [Check("ok", "pipeline", f"{waiting} events are waiting" if waiting else "nothing is waiting")]
    fix = "If the number doesn't fall, check the log." if running else "They are processed at the next start."
    return [Check("warn", f"pipeline: {name}", f"{lag} events behind", fix) for name, lag in behind.items()]


def _quarantine(ingest: IngestService) -> Check:
    count, messages = ingest.count_quarantined(), ingest.count_unread_messages()
    if count == messages == 0:
        return Check("ok", "quarantine", "every document of a feed and every message could be read")
    documents = "1 document" if count == 1 else f"{count} documents"
    mail = "1 message" if messages == 1 else f"{messages} messages"
    fix = "'firstword quarantine list' shows which, the reasons and what to do."
    return Check("warn", "quarantine", f"{documents} of feeds and {mail} could not be read", fix)


def _dead_letters(store: Store) -> Check:
    with reading(store.engine) as connection:
        letters = DeadLetters()
        count = letters.count_pending(connection)
        newest = letters.pending(connection, 1)
    if count == 0:
        return Check("ok", "dead letters", "none")
    first = newest[0]
    found = f"{count}; the newest: {first.consumer}: {first.reason}"
    return Check("warn", "dead letters", found, "'firstword quarantine list' shows them and what to do.")


def _deliveries(store: Store) -> Check:
    with reading(store.engine) as connection:
        unknown = queries.counts(connection, EVERYTHING, store.clock.now()).unknown
        down = outages(connection, EVERYTHING, store.clock.now())
    if down:
        first = down[0]
        found = f"{first.channel} has been down since {first.since:%Y-%m-%d %H:%M} UTC; {first.waiting} messages wait"
        return Check("warn", "deliveries", found, first.detail)
    if unknown == 0:
        return Check("ok", "deliveries", "all messages sent or waiting to be sent")
    messages = "message" if unknown == 1 else "messages"
    found = f"{unknown} {messages} may not have arrived"
    return Check("warn", "deliveries", found, "Resolve this on the desk, under 'Sent'.")


def _managers(store: Store) -> list[Check]:
    """Check that the digests and urgent news of the last week arrived."""
    since = store.clock.now() - timedelta(days=7)
    with reading(store.engine) as connection:
        missed = manager_outbox.missed(connection, since)
    if not missed:
        return []
    last = missed[0]
    found = (
        f"{len(missed)} of the last week's messages may not have arrived; "
        f"the most recent, to {last['manager_id']}: {last['last_error']}"
    )
    return [Check("warn", "digests and urgent news", found, "See 'firstword deliveries managers --status failed'.")]


def _keys(store: Store) -> list[Check]:
    """Check that the secrets of webhook endpoints and of feeds are sealed and can be opened."""
    return [*_endpoint_keys(store), *_feed_keys(store)]


def _feed_keys(store: Store) -> list[Check]:
    with reading(store.engine) as connection:
        found = [state for state in Repository().all(connection) if state.credential is not None]
    locked = [state for state in found if not _can_open(state)]
    if locked:
        hosts = ", ".join(urlsplit(state.feed.url).hostname or state.feed.id for state in locked[:3])
        fix = f"Restore the key ({store.keys.place}), or run 'firstword feeds credentials' for each of them."
        return [Check("fail", "feed credentials", f"sealed with a missing key: those of {hosts}", fix)]
    if found and not store.keys.count:
        fix = "Set FIRSTWORD_KEYS to the output of 'firstword keys new', for every service."
        return [Check("warn", "feed credentials", "stored in plain text", fix)]
    return [Check("ok", "feed credentials", f"{len(found)} feeds have some, sealed")] if found else []


def _can_open(state: FeedState) -> bool:
    try:
        return state.credential is None or bool(state.credential.open().value)
    except LockedSecret:
        return False


def _endpoint_keys(store: Store) -> list[Check]:
    with reading(store.engine) as connection:
        found = endpoints.all_endpoints(connection)
        now = store.clock.now()
        locked = [endpoint for endpoint in found if not _can_sign(endpoint, now)]
    if locked:
        ids = ", ".join(endpoint.id for endpoint in locked[:3])
        fix = f"Restore the key ({store.keys.place}), or run 'firstword webhooks rotate {locked[0].id}'."
        return [Check("fail", "webhook secrets", f"sealed with a missing key: those of {ids}", fix)]
    if found and not store.keys.count:
        fix = "Set FIRSTWORD_KEYS to the output of 'firstword keys new', for every service."
        return [Check("warn", "webhook secrets", "stored in plain text", fix)]
    sealed = f"sealed with keys from {store.keys.place}; keep a copy of them elsewhere"
    return [Check("ok", "webhook secrets", sealed)] if found else []


def _can_sign(endpoint: Endpoint, now: datetime) -> bool:
    try:
        return bool(endpoint.signing(now)) or not endpoint.secrets
    except LockedSecret:
        return False


def _webhooks(store: Store) -> list[Check]:
    with reading(store.engine) as connection:
        known = endpoints.all_endpoints(connection)
        counts = log.counts(connection)
    if not known:
        return []
    failed, waiting = (sum(count.get(status, 0) for count in counts.values()) for status in ("failed", "pending"))
    found = f"{len(known)} endpoints, {waiting} messages waiting, {failed} failed permanently"
    fix = "Send them again with 'firstword webhooks replay ID --since 30d'." if failed else None
    return [
        Check("warn" if failed else "ok", "webhooks", found, fix),
        *(
            Check(
                "warn",
                f"webhooks to {endpoint.description or endpoint.shown}",
                f"disabled since {endpoint.disabled_at:%Y-%m-%d %H:%M} UTC: {endpoint.disabled_because}",
                f"Repair the endpoint, then run 'firstword webhooks enable {endpoint.id} --catch-up'.",
            )
            for endpoint in known
            if endpoint.state == "disabled"
        ),
    ]


def _contact(store: Store) -> Check:
    contact = store.settings.contact
    if contact is not None:
        return Check("ok", "contact", f"{contact}, sent with every request")
    fix = "Set FIRSTWORD_CONTACT to a mail address or web page: publishers then write to you instead of blocking you."
    return Check("note", "contact", "requests say that they come from Firstword, but not whom to ask", fix)


def _mail(store: Store) -> Check:
    smtp = store.settings.smtp
    if smtp.host is None:
        return Check(
            "note", "mail", "not configured; messages are copied by hand", "Set FIRSTWORD_SMTP_HOST to send them."
        )
    try:
        with socket.create_connection((smtp.host, smtp.port), timeout=5):
            return Check("ok", "mail", f"{smtp.host}:{smtp.port} answers")
    except OSError as error:
        return Check(
            "fail", "mail", f"{smtp.host}:{smtp.port} can't be reached: {error}", "Check FIRSTWORD_SMTP_HOST and _PORT."
        )
