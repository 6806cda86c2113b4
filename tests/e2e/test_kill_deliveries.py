"""After fifty kills during deliveries, nothing is lost, no mail is sent twice, and unknown outcomes are listed."""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from firstword.storage.engine import open_sqlite
from firstword.storage.migrate import migrate
from schemas.base import event
from schemas.drafts import DraftCreated
from services.common.db import reading
from services.notifier.tables import deliveries, delivery_attempts, drafts
from services.notifier.webhooks import endpoints
from services.notifier.webhooks.sink import WebhookSink
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries
from tests.desk_data import seed_events
from tests.desk_world import World
from tests.http_server import Reply, Request, serving
from tests.smtp_server import mail_server
from tests.webhook_world import dismissed

ROOT = Path(__file__).parents[2]
KILLS, MAILS, MESSAGES, ENDPOINTS = 50, 900, 120, 10
SEED = 20260305


def prepare(database: Path, base: str, now: datetime) -> Engine:
    """Return a database with waiting mails and webhooks."""
    engine = open_sqlite(database)
    migrate(engine)
    world = World.on(engine)
    created = (entry.data.draft for entry in seed_events() if isinstance(entry.data, DraftCreated))
    template = next(draft for draft in created if draft.client_id == "claire-arnaud")
    copies = [template.model_copy(update={"id": f"drf_{n}", "supersedes": None}) for n in range(MAILS)]
    world.apply(
        [
            event(DraftCreated(draft=copy), key=copy.client_id, id=f"evt_{copy.id}", source="test", time=now)
            for copy in copies
        ]
    )
    rows = [
        {"id": f"dlv_{n}", "draft_id": f"drf_{n}", "client_id": "claire-arnaud", "channel": "email",
         "recipient": "claire@arnaud.example", "status": "pending", "attempts": 0, "next_attempt_at": now,
         "subject": "News", "body": "News.", "approved_by": "owner", "created_at": now, "changed_at": now}
        for n in range(MAILS)
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(update(drafts).values(state="approved", subject="News", body="News.", checks=None))
        connection.execute(insert(deliveries), rows)
        for number in range(ENDPOINTS):
            endpoints.add(connection, f"{base}/{number}", now - timedelta(days=1), per_second=3.0, concurrency=3)
        for number in range(MESSAGES):
            WebhookSink().apply(connection, dismissed(number, now))
    return engine


async def run_with_kills(database: Path, smtp_port: int, began: float) -> int:
    """Start and kill the sender repeatedly, then let it finish; return how often it was killed while running."""
    dice = random.Random(SEED)  # noqa: S311 - not a secret
    command = [sys.executable, "-m", "tests.e2e.sender", str(database), str(smtp_port), str(began)]
    killed = 0
    while True:
        sender = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert sender.stdout is not None
        assert await sender.stdout.readline() == b"started\n"
        if killed >= KILLS:
            rest = await asyncio.wait_for(sender.stdout.read(), 300)
            assert await sender.wait() == 0
            assert rest == b"finished\n"
            return killed
        await asyncio.sleep(dice.uniform(0.02, 0.4))
        killed += sender.returncode is None
        sender.kill()
        await sender.wait()


@pytest.mark.slow
async def test_fifty_kills_lose_nothing_and_repeat_no_mail(tmp_path: Path) -> None:
    dice = random.Random(SEED)  # noqa: S311 - not a secret
    posted: Counter[str] = Counter()

    def answer(request: Request) -> Reply:
        posted[request.headers["webhook-id"]] += 1
        return Reply(204, after_seconds=dice.uniform(0, 0.05))

    began = time.time()
    async with serving(answer) as web, mail_server() as mail:
        mail.after_seconds = 0.02
        engine = prepare(tmp_path / "firstword.db", web.url("").rstrip("/"), datetime.fromtimestamp(began, UTC))
        assert await run_with_kills(tmp_path / "firstword.db", mail.port, began) == KILLS
    taken = Counter(match.decode() for text in mail.accepted for match in re.findall(rb"Message-ID: <(dlv_\d+)@", text))
    with reading(engine) as connection:
        mails = {row.id: row.status for row in connection.execute(select(deliveries))}
        ends = [(row.delivery_id, row.outcome) for row in connection.execute(select(delivery_attempts))]
        hooks = {row.id: row.status for row in connection.execute(select(webhook_deliveries))}
        ordered = select(webhook_attempts).order_by(webhook_attempts.c.number)
        tries = [(row.delivery_id, row.outcome) for row in connection.execute(ordered)]
    engine.dispose()

    assert len(mails) == MAILS
    assert set(mails.values()) <= {"delivered", "unknown"}
    assert max(taken.values()) == 1, "no client gets a mail twice"
    assert all(taken[id] == 1 for id, status in mails.items() if status == "delivered"), "none is lost"
    unknown = {id for id, status in mails.items() if status == "unknown"}
    assert {id for id, outcome in ends if outcome == "unknown"} == unknown, "each unknown outcome is listed"
    assert all(outcome is not None for _, outcome in ends)

    assert set(hooks.values()) == {"delivered"}
    assert set(posted) == set(hooks), "none is lost"
    by_id: dict[str, list[str | None]] = {}
    for id, outcome in tries:
        by_id.setdefault(id, []).append(outcome)
    for id, outcomes in by_id.items():
        assert outcomes[-1] == "delivered"
        assert set(outcomes[:-1]) <= {"unknown"}, "an answered attempt is not repeated"
        assert posted[id] <= len(outcomes), "a repeated attempt is listed as unknown"
    arrived = sum(taken[id] for id in unknown)
    again = sum(count - 1 for count in posted.values())
    unsure = sum(len(outcomes) - 1 for outcomes in by_id.values())
    print(f"{KILLS} kills: {MAILS} mails, {len(unknown)} unknown ({arrived} of them had arrived)")
    print(f"{len(hooks)} webhooks, {unsure} attempts unknown, {again} came twice")
