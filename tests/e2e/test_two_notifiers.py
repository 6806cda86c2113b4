"""Two notifiers share a database and one is killed: every account manager gets their digest once."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update

from schemas.base import content_id, event
from schemas.clients import ClientChanged, DigestPreferences, Manager
from services.common.db import reading
from services.notifier.digest.tables import manager_messages
from services.notifier.tables import drafts
from tests.desk_data import FIRM, NOW, clients
from tests.desk_world import World
from tests.patience import PATIENCE_SECONDS
from tests.smtp_server import mail_server

ROOT = Path(__file__).parents[2]
MANAGERS = 40
#: Four hours after the digests were due: the service was down.
LATE = datetime(2026, 3, 5, 11, 30, tzinfo=UTC)


def prepare(engine: Engine) -> None:
    """Create managers who want digests and urgent messages by mail, each with a client and an urgent draft."""
    world = World.on(engine)
    (template,) = [client for client in clients() if client.id == "claire-arnaud"]
    with reading(engine) as connection:
        draft = dict(
            connection.execute(select(drafts).where(drafts.c.client_id == template.id).limit(1)).mappings().one()
        )
    with engine.begin() as connection:
        connection.execute(update(drafts).values(state="dismissed"))
    for n in range(MANAGERS):
        manager = Manager(
            id=f"m{n}", name=f"M {n}", email=f"m{n}@h.example", digest=DigestPreferences(), urgent=("email",)
        )
        client = template.model_copy(update={"id": f"c{n}", "manager_id": manager.id})
        changed = ClientChanged(client=client, firm=FIRM, manager=manager)
        world.apply([event(changed, key=client.id, id=content_id("evt", n), source="test", time=NOW)])
        row = draft | {"id": f"drf_{n}", "client_id": client.id, "state": "open", "urgency": "urgent"}
        with engine.begin() as connection:
            connection.execute(drafts.insert(), row | {"deadline_at": LATE.replace(hour=20)})


async def start(url: str, port: int) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "tests.e2e.manager_mailer", url, str(port), LATE.isoformat()]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"started\n"
    return process


def waiting(engine: Engine) -> int:
    with reading(engine) as connection:
        settled = select(func.count()).where(manager_messages.c.status.not_in(("pending",)))
        return 2 * MANAGERS - connection.execute(settled).scalar_one()


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True], ids=["both run", "one is killed"])
async def test_each_message_is_sent_once(database: Engine, killed: bool) -> None:
    prepare(database)
    url = database.url.render_as_string(hide_password=False)
    async with mail_server() as mail:
        mail.after_seconds = 0.05
        both = [await start(url, mail.port) for _ in range(2)]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while killed and len(mail.accepted) < MANAGERS // 2:  # noqa: ASYNC110 - the server counts, and sets no event
                await asyncio.sleep(0.01)
            if killed:
                both[0].kill()
            while await asyncio.to_thread(waiting, database):  # noqa: ASYNC110 - in a database, which sets no event
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)  # time for another poll
            for process in both[killed:]:
                process.terminate()
                assert await process.wait() == 0
    ids = [match.decode() for text in mail.accepted for match in re.findall(rb"Message-ID: <(\w+)@", text)]
    with reading(database) as connection:
        rows = {row.id: row for row in connection.execute(select(manager_messages))}
    assert Counter(row.kind for row in rows.values()) == {"digest": MANAGERS, "urgent": MANAGERS}
    assert len(ids) == len(set(ids)), "no message is sent twice"
    assert {id for id, row in rows.items() if row.status == "sent"} <= set(ids), "none is lost"
    cut_off = [row for row in rows.values() if row.status == "sending"]
    assert len(cut_off) <= killed, "at most the message in progress in the killed process, which becomes unknown later"
    assert all("(late)" in row.subject for row in rows.values() if row.kind == "digest")
    print(f"{len(ids)} mails, {len(cut_off)} cut off")
