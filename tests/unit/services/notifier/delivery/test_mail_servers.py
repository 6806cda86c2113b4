"""Deliveries to a real mail server that accepts, greylists, rejects, hangs after the text, or disconnects."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update

from schemas.deliveries import DeliveryChanged
from services.common.db import reading
from services.common.queue.backoff import STANDARD
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.tables import deliveries, delivery_attempts
from tests.desk_world import World
from tests.smtp_server import MailServer, ServerBehavior, mail_server


def sending(database: Engine, server: MailServer) -> tuple[World, DeliveryWorker, str]:
    """Return an approved draft and the worker that sends it to ``server``."""
    world = World.on(database)
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version, at_once=True)
    with world.engine.begin() as connection:  # without a plan, it is tried at night and after its deadline too
        connection.execute(update(deliveries).values(plan=None))
    settings = SmtpSettings("127.0.0.1", server.port, "desk@harbour.example", security="none")
    mail = Smtp(settings, world.clock)
    return world, DeliveryWorker(database, world.publisher, world.clock, {"email": mail}), line.id


def due(world: World) -> tuple[str, datetime | None]:
    with reading(world.engine) as connection:
        row = connection.execute(select(deliveries)).mappings().one()
    return row["status"], row["next_attempt_at"]


def outcomes(world: World) -> list[str | None]:
    with reading(world.engine) as connection:
        query = select(delivery_attempts.c.outcome).order_by(delivery_attempts.c.number)
        return list(connection.execute(query).scalars())


async def test_a_greylisting_server_gets_the_mail_once(database: Engine) -> None:
    async with mail_server("greylists") as server:
        world, worker, draft_id = sending(database, server)
        for attempt in range(3):
            server.behavior = "greylists" if attempt < 2 else "accepts"
            assert await worker.deliver_due() == 1
            status, again = due(world)
            if again is not None:
                world.at(again)
        assert status == "delivered"
    assert outcomes(world) == ["retry", "retry", "delivered"]
    assert len(server.accepted) == 1
    assert world.line(draft_id).state == "sent"


async def test_after_the_last_attempt_the_failure_is_reported_and_a_person_can_send_again(database: Engine) -> None:
    async with mail_server("greylists") as server:
        world, worker, draft_id = sending(database, server)
        for attempt in range(1, STANDARD.attempts + 1):
            began = world.clock.now()
            assert await worker.deliver_due() == 1
            status, again = due(world)
            if again is None:
                break
            waited = (again - began).total_seconds()
            assert STANDARD.waits[attempt] <= waited <= STANDARD.waits[attempt] * (1 + STANDARD.jitter)
            world.at(again - timedelta(seconds=1))
            assert await worker.deliver_due() == 0, "nothing before its time"
            world.at(again)
        assert (attempt, status) == (STANDARD.attempts, "failed")
        told = [event.data for event in world.publisher.events if isinstance(event.data, DeliveryChanged)]
        assert (told[-1].delivery.status, told[-1].delivery.attempts) == ("failed", STANDARD.attempts)
        assert world.line(draft_id).state == "failed", "it is in the inbox again"
        server.behavior = "accepts"
        world.desk("send_again", told[-1].delivery.id)
        assert await worker.deliver_due() == 1
    assert len(server.accepted) == 1
    assert re.search(rb"Message-ID: <(\w+)@", server.accepted[0])
    assert world.line(draft_id).state == "sent"


@pytest.mark.parametrize(
    ("behavior", "outcome", "state"),
    [
        ("rejects recipient", "rejected", "failed"),
        ("rejects text", "rejected", "failed"),
        ("hangs after text", "unknown", "unknown"),
        ("drops after text", "unknown", "unknown"),
    ],
)
async def test_a_rejected_or_unknown_delivery_is_not_repeated(
    database: Engine, behavior: ServerBehavior, outcome: str, state: str
) -> None:
    async with mail_server(behavior) as server:
        world, worker, draft_id = sending(database, server)
        assert await worker.deliver_due() == 1
        server.behavior = "accepts"
        for _ in range(12):
            world.clock.advance(days=2)
            assert await worker.deliver_due() == 0
    assert outcomes(world) == [outcome]
    assert len(server.accepted) == ("after text" in behavior)
    assert world.line(draft_id).state == state
    told = [event.data for event in world.publisher.events if isinstance(event.data, DeliveryChanged)]
    assert told[-1].delivery.status == state
