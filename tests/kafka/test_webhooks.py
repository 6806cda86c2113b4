"""The stack's notifier is killed repeatedly: every type of webhook still reaches every endpoint, signed."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from standardwebhooks import Webhook

from firstword.runtimes.kafka.records import outbound_record
from firstword.storage.engine import open_database
from schemas.base import content_id
from schemas.topics import decode
from services.common.db import reading
from services.common.processing import AnyEvent
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries
from tests.http_server import Reply, Request, serving
from tests.kafka.lab import Lab
from tests.kafka.stack import Stack

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
ENDPOINTS, PER_TYPE, KILLS = 6, 25, 5
#: Deliveries in progress when their notifier was killed are retried after two minutes.
TIMEOUT_SECONDS = 900
#: By type of webhook, the event that leads to it: topic, example, changes. `endpoint.disabled` needs no event.
EVENTS = {
    "alert.raised": ("alerts", "alert.raised", {"alert": {"verdict": "tell"}}),
    "alert.corrected": ("alerts", "alert.raised", {"alert": {"verdict": "correct"}}),
    "rumor.held": ("alerts", "alert.raised", {"alert": {"verdict": "hold"}}),
    "draft.created": ("drafts", "draft.created", {}),
    "draft.sent": ("decisions", "draft.sent", {}),
    "draft.dismissed": ("decisions", "draft.dismissed", {}),
    "delivery.failed": ("deliveries", "delivery.changed", {"delivery": {"status": "failed"}}),
    "rumor.resolved": ("outcomes", "rumor.resolved", {}),
    "feed.silent": ("feeds", "feed.health_changed", {"health": {"status": "silent"}}),
}


def example_event(name: str, number: int, now: datetime) -> AnyEvent:
    """Return an event that leads to a webhook of type ``name``."""
    topic, example, changes = EVENTS[name]
    found: dict[str, Any] = json.loads((EXAMPLES / topic / "v1" / f"{example}.json").read_text())
    found |= {"id": content_id("evt", name, number), "time": now.isoformat(), "subject": f"client-{number % 7}"}
    data = found["data"]
    for part, values in changes.items():
        data[part] |= values | {"id": f"{data[part].get('id', 'x')}-{number}"}
    if topic in ("drafts", "decisions"):
        where = data.get("draft", data)
        where["draft_id" if where is data else "id"] = f"drf_{number}"
        where["client_id"] = found["subject"]
        where.pop("supersedes", None)
    if "feed_id" in data:
        data["feed_id"] = f"feed-{number}"
    return decode(topic, json.dumps(found).encode())


class Notifiers(Stack):
    """A stack whose processes can be killed."""

    session_seconds = 6

    def kill(self, name: str) -> None:
        """Send SIGKILL and wait."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def alive(self, name: str) -> bool:
        """Return true while it runs."""
        return self._running[name].poll() is None


@pytest.fixture
def stack(lab: Lab, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notifiers]:
    monkeypatch.setenv("FIRSTWORD_ALLOW_PRIVATE", '["127.0.0.1"]')
    monkeypatch.setenv("FIRSTWORD_KEYS", "5a" * 32)
    stack = Notifiers(lab, postgres_url, tmp_path)
    yield stack
    stack.close()


def attempts(engine: Engine) -> list[tuple[str, str, str | None]]:
    query = select(webhook_attempts.c.delivery_id, webhook_deliveries.c.endpoint_id, webhook_attempts.c.outcome)
    with reading(engine) as connection:
        joined = query.join(webhook_deliveries, webhook_deliveries.c.id == webhook_attempts.c.delivery_id)
        return [(row[0], row[1], row[2]) for row in connection.execute(joined)]


async def test_every_type_of_webhook_reaches_every_endpoint(stack: Notifiers, lab: Lab, postgres_url: str) -> None:
    dice = random.Random(7)  # noqa: S311 - not a secret
    got: dict[str, dict[str, Any]] = {}
    arrived: Counter[str] = Counter()
    secrets: dict[str, str] = {}

    def answer(request: Request) -> Reply:
        if request.path == "/gone":
            return Reply(410)
        name = request.path.strip("/")
        read = Webhook(secrets[name]).verify(request.body, dict(request.headers))
        arrived[request.headers["webhook-id"]] += 1
        got.setdefault(name, {})[read["event_id"]] = read["type"]
        return Reply(204, after_seconds=dice.uniform(0, 0.8))

    async with serving(answer) as server:
        for name in ("gone", *(f"e{number}" for number in range(ENDPOINTS))):
            added = await asyncio.to_thread(stack.call, "webhooks", "add", server.url(f"/{name}"), "--json")
            secrets[name] = json.loads(added)["secret"]
        now = datetime.now(UTC)
        events = [example_event(name, number, now) for number in range(PER_TYPE) for name in EVENTS]
        stack.start("notifier", "worker", "notifier", "--health-port", "0")
        for start in range(0, len(events), 45):
            await asyncio.to_thread(lab.send, [outbound_record(event) for event in events[start : start + 45]])
            if start // 45 < KILLS:  # while webhooks are being sent
                enough = len(server.requests) + 60
                while len(server.requests) < enough:
                    assert stack.alive("notifier"), stack.logs()
                    await asyncio.sleep(0.05)
                stack.kill("notifier")
                stack.start("notifier", "worker", "notifier", "--health-port", "0")
        wanted = {event.id for event in events}
        end = time.monotonic() + TIMEOUT_SECONDS
        while missing := sum(len(wanted - got.get(f"e{n}", {}).keys()) for n in range(ENDPOINTS)):
            assert time.monotonic() < end, f"{missing} are missing\n{stack.logs()}"
            assert stack.alive("notifier"), stack.logs()
            await asyncio.sleep(0.5)
        disabled = [id for id, kind in got["e0"].items() if kind == "endpoint.disabled"]
        assert stack.stop("notifier") == 0, stack.logs()
    engine = open_database(postgres_url)
    tries = await asyncio.to_thread(attempts, engine)
    engine.dispose()
    assert len(disabled) == 1
    unsure = Counter(id for id, _, outcome in tries if outcome == "unknown")
    assert sum(unsure.values()) >= KILLS, "it was killed while sending"
    for number in range(ENDPOINTS):
        of_type = Counter(kind for id, kind in got[f"e{number}"].items() if id in wanted)
        assert of_type == dict.fromkeys(EVENTS, PER_TYPE)
    for id, count in arrived.items():
        assert count <= 1 + unsure[id], "an attempt that was repeated is listed as unknown"
    print(f"{len(arrived)} webhooks, {KILLS} kills: {sum(unsure.values())} unknown, "
          f"{sum(count - 1 for count in arrived.values())} came twice")  # fmt: skip
