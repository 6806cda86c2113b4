"""A message is held while it can be undone, also over a kill, and leaves once; a draft expires by itself."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.expiry import DraftExpirer
from services.notifier.tables import drafts
from tests.desk_world import World
from tests.patience import until
from tests.smtp_server import mail_server

UNDO = timedelta(seconds=4)


@pytest.mark.slow
async def test_a_held_message_survives_a_kill_and_leaves_once_and_a_draft_expires_by_itself(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    held, undone, expiring = (world.draft(name, "warn") for name in ("claire-arnaud", "yusuf", "wolfe"))
    with world.engine.begin() as connection:
        soon = world.clock.now() + timedelta(seconds=2)
        connection.execute(update(drafts).where(drafts.c.id == expiring.id).values(deadline_at=soon))
    async with mail_server() as server:
        settings = SmtpSettings("127.0.0.1", server.port, "desk@harbour.example", security="none")

        def start() -> list[asyncio.Task[None]]:
            mail = Smtp(settings, world.clock)
            worker = DeliveryWorker(world.engine, world.publisher, world.clock, {"email": mail})
            expirer = DraftExpirer(world.engine, world.publisher, world.clock)
            return [asyncio.create_task(part.run(asyncio.Event())) for part in (worker, expirer)]

        async def kill(tasks: list[asyncio.Task[None]]) -> None:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        tasks = start()
        for line in (held, undone):
            world.desk("approve", line.id, line.version, undo=UNDO)
        await asyncio.sleep(1)
        await kill(tasks)  # between the approval and the sending
        tasks = start()
        world.desk("undo", undone.id, world.line(undone.id).version)
        world.clock.advance(seconds=3)
        await until(lambda: world.line(expiring.id).state == "expired")
        await asyncio.sleep(1)  # time for the worker to look
        assert server.accepted == [], "nothing leaves while it can be undone"
        world.clock.advance(seconds=2)
        await until(lambda: world.line(held.id).state == "sent")
        await asyncio.sleep(2)
        await kill(tasks)
    assert len(server.accepted) == 1
    assert world.line(undone.id).state == "open"
    world.engine.dispose()
