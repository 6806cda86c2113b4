from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from schemas.base import event
from schemas.clients import ClientChanged, ClientRemoved
from schemas.deliveries import DeliveryChanged
from services.common.db import reading
from services.common.metrics import Metrics
from services.common.queue.backoff import STANDARD
from services.notifier import queries
from services.notifier.delivery import outbox
from services.notifier.delivery.channels.base import Outcome
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.scope import EVERYTHING
from services.notifier.tables import deliveries
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World
from tests.fakes import ScriptedChannel

BUSY = Outcome("retry", "the server is busy")


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def approve(world: World) -> str:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version)
    return line.id


def status(world: World, draft_id: str) -> tuple[str, int]:
    with reading(world.engine) as connection:
        ((row, tries),) = queries.deliveries_of(connection, EVERYTHING, draft_id)
    assert len(tries) == row["attempts"]
    return row["status"], row["attempts"]


async def test_an_approved_draft_is_sent_once_and_published(world: World) -> None:
    draft_id = approve(world)
    channel = ScriptedChannel()
    worker = world.worker(channel)
    assert await worker.deliver_due() == 1
    assert await worker.deliver_due() == 0
    (message,) = channel.sent
    assert message.recipient == "claire@arnaud.example"
    assert message.sender_email == "mara@harbour-vane.example"
    assert message.body == world.line(draft_id).body
    assert world.line(draft_id).state == "sent"
    assert status(world, draft_id) == ("delivered", 1)
    assert world.types()[-3:] == ["delivery.changed", "draft.sent", "interaction.logged"]


async def test_a_busy_server_is_retried_to_the_end_of_the_schedule(world: World) -> None:
    draft_id = approve(world)
    with world.engine.begin() as connection:  # without a plan, it is tried at night and after its deadline too
        connection.execute(update(deliveries).values(plan=None))
    channel = ScriptedChannel(BUSY)
    worker = world.worker(channel)
    for attempt in range(1, STANDARD.attempts + 1):
        assert await worker.deliver_due() == 1
        assert await worker.deliver_due() == 0, "nothing is sent early"
        expected = "pending" if attempt < STANDARD.attempts else "failed"
        assert status(world, draft_id) == (expected, attempt)
        world.clock.advance(seconds=2 * STANDARD.waits[min(attempt, STANDARD.attempts - 1)])
    assert len({message.delivery_id for message in channel.sent}) == 1
    line = world.line(draft_id)
    assert (line.state, line.outcome) == ("failed", "the server is busy")


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome("rejected", "no such user"), "failed"),
        (Outcome("unknown", "no answer"), "unknown"),
        (RuntimeError("a fault of ours"), "unknown"),
    ],
)
async def test_a_rejected_or_unknown_delivery_is_not_repeated(
    world: World, outcome: Outcome | Exception, state: str
) -> None:
    draft_id = approve(world)
    channel = ScriptedChannel(outcome)
    worker = world.worker(channel)
    await worker.deliver_due()
    world.clock.advance(days=30)
    assert await worker.deliver_due() == 0
    assert len(channel.sent) == 1
    assert world.line(draft_id).state == state
    assert "draft.sent" not in world.types()


async def test_a_crash_between_sending_and_recording_leaves_the_decision_to_a_person(world: World) -> None:
    draft_id = approve(world)
    with reading(world.engine) as connection:
        (delivery_id,) = outbox.QUEUE.due(connection, NOW)
    with world.engine.begin() as connection:
        assert outbox.claim(connection, delivery_id, NOW) is not None
        assert outbox.claim(connection, delivery_id, NOW) is None, "nobody else can claim it"
    channel = ScriptedChannel()
    stop = asyncio.Event()
    stop.set()
    await world.worker(channel).run(stop)  # as after a restart
    assert channel.sent == []
    assert status(world, draft_id) == ("unknown", 1)
    with reading(world.engine) as connection:
        assert queries.counts(connection, EVERYTHING, NOW).unknown == 1

    world.desk("confirm_arrival", delivery_id)
    assert world.line(draft_id).state == "sent"
    assert world.types()[-3:] == ["delivery.changed", "draft.sent", "interaction.logged"]


async def test_a_person_can_send_it_again_under_the_same_id(world: World) -> None:
    draft_id = approve(world)
    channel = ScriptedChannel(Outcome("unknown", "no answer"), Outcome("delivered", "ok"))
    worker = world.worker(channel)
    await worker.deliver_due()
    world.desk("send_again", channel.sent[0].delivery_id)
    await worker.deliver_due()
    assert world.line(draft_id).state == "sent"
    assert channel.sent[0].delivery_id == channel.sent[1].delivery_id


async def test_another_worker_does_not_recover_a_running_attempt(world: World) -> None:
    draft_id = approve(world)
    with reading(world.engine) as connection:
        (delivery_id,) = outbox.QUEUE.due(connection, NOW)
    with world.engine.begin() as connection:
        outbox.claim(connection, delivery_id, NOW)
    world.clock.advance(seconds=5)
    assert world.worker(ScriptedChannel()).recover(timedelta(seconds=60)) == 0
    assert world.line(draft_id).state == "sending"


async def test_a_delivery_waits_for_the_clients_hours(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    evening = NOW.replace(hour=21)  # 22 o'clock with the client in Paris
    world.at(evening)
    opens = world.desk("approve", line.id, 0)
    assert isinstance(opens, datetime)
    assert timedelta(hours=8) < opens - evening < timedelta(hours=12)
    channel = ScriptedChannel()
    worker = world.worker(channel)
    assert await worker.deliver_due() == 0
    world.at(opens)
    assert await worker.deliver_due() == 1


async def test_a_client_who_is_no_longer_to_be_contacted_gets_nothing(world: World) -> None:
    draft_id = approve(world)
    claire = clients()[0]
    contact = claire.contact.model_copy(update={"do_not_contact": True, "do_not_contact_reason": "bereaved"})
    changed = ClientChanged(
        client=claire.model_copy(update={"contact": contact}), firm=FIRM, manager=MANAGERS["mara"], revision=2
    )
    world.apply([event(changed, key=claire.id, id="evt_2", source="test", time=NOW)])
    channel = ScriptedChannel()
    await world.worker(channel).deliver_due()
    assert channel.sent == []
    line = world.line(draft_id)
    assert line.state == "failed"
    assert "bereaved" in (line.outcome or "")


async def test_a_delivery_that_a_sink_stopped_is_published_once_and_counted(world: World) -> None:
    draft_id = approve(world)
    line = world.line(draft_id)
    removed = ClientRemoved(client_id=line.client_id, revision=99)
    world.apply([event(removed, key=line.client_id, id="evt_removed", source="test", time=NOW)])
    assert status(world, draft_id) == ("failed", 0)
    metrics = Metrics()
    worker = DeliveryWorker(world.engine, world.publisher, world.clock, {}, metrics=metrics)
    assert worker.publish_stopped() == 1
    assert worker.publish_stopped() == 0
    told = world.publisher.events[-1].data
    assert isinstance(told, DeliveryChanged)
    assert (told.delivery.status, told.delivery.last_error) == ("failed", "The client was removed.")
    assert b'firstword_deliveries{status="failed"} 1.0' in metrics.render()


async def test_each_attempt_is_counted_by_its_outcome(world: World) -> None:
    approve(world)
    metrics, channel = Metrics(), ScriptedChannel(Outcome("unknown", "no answer"))
    worker = DeliveryWorker(world.engine, world.publisher, world.clock, {"email": channel}, metrics=metrics)
    await worker.deliver_due()
    assert b'firstword_delivery_attempts_total{channel="email",outcome="unknown"} 1.0' in metrics.render()
