"""Webhooks to real endpoints on loopback that accept, refuse, redirect, hang, disconnect or ask for patience."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import Engine
from standardwebhooks import Webhook

from schemas.base import event
from schemas.deliveries import Delivery, DeliveryChanged, DeliveryStatus
from services.common.post import PostResult
from services.common.queue.backoff import STANDARD
from services.notifier.webhooks import endpoints, outbox, replay
from services.notifier.webhooks import worker as webhook_worker
from services.notifier.webhooks.disabling import enable
from services.notifier.webhooks.endpoints import Subscription
from services.notifier.webhooks.queue import QUEUE
from tests.desk_data import NOW, seed_events
from tests.http_server import Reply, Request, serving
from tests.patience import PATIENCE_SECONDS, until
from tests.webhook_world import WebhookWorld, dismissed


@pytest.fixture
def world(database: Engine) -> WebhookWorld:
    return WebhookWorld.on(database)


async def test_an_event_is_sent_once_and_signed(world: WebhookWorld) -> None:
    world.clock.set(datetime.now(UTC))  # the reference library looks at the machine's clock
    async with serving(lambda _: Reply(204)) as server:
        endpoint = world.add(server.url("/hook"))
        world.tell(one := dismissed(1, world.clock.now()), one)
        assert await world.deliver() == 1
        assert await world.deliver() == 0
    (request,) = server.requests
    assert request.method == "POST"
    read = Webhook(endpoint.signing(world.clock.now())[0]).verify(request.body, dict(request.headers))
    assert read["type"] == "draft.dismissed"
    assert read["data"]["draft_id"] == "drf_1"
    assert request.headers["webhook-id"] == outbox.webhook_id(one.id, endpoint.id)
    (attempt,) = world.attempts()
    assert (attempt["outcome"], attempt["status"]) == ("delivered", 204)
    assert attempt["request"]["headers"]["webhook-id"] == request.headers["webhook-id"]


@pytest.mark.parametrize(
    ("reply", "outcome", "said"),
    [
        (Reply(500, b"broken"), "retry", "500"),
        (Reply(301, headers={"Location": "https://elsewhere.example/"}), "retry", "redirects are not followed"),
        (Reply(404), "retry", "404"),
        (Reply(410), "rejected", "410"),
        (Reply(dropped=True), "unknown", "incomplete or invalid HTTP response"),
        (Reply(silent_seconds=31), "unknown", "did not send a complete response"),
    ],
    ids=["500", "301", "404", "410", "drops", "hangs"],
)
async def test_each_outcome_is_recorded_as_what_is_known(
    world: WebhookWorld, reply: Reply, outcome: str, said: str
) -> None:
    async with serving(lambda _: reply) as server:
        world.add(server.url())
        world.tell(dismissed(1))
        await world.deliver()
    (attempt,) = world.attempts()
    assert attempt["outcome"] == outcome
    assert said in attempt["detail"]
    if reply.status == 500 and not reply.dropped:
        assert attempt["response"]["body"] == "broken"
    assert len(server.requests) == 1


async def test_a_refused_connection_is_retried(world: WebhookWorld) -> None:
    async with serving(lambda _: Reply()) as server:
        pass
    world.add(server.url())
    world.tell(dismissed(1))
    await world.deliver()
    assert world.attempts()[0]["outcome"] == "retry"


async def test_a_private_address_gets_no_requests(world: WebhookWorld) -> None:
    world.allow_private = ()
    async with serving(lambda _: Reply()) as server:
        world.add(server.url())
        world.add(f"http://localhost:{server.port}/")
        world.tell(dismissed(1))
        await world.deliver()
    assert server.requests == []
    assert all("loopback" in attempt["detail"] for attempt in world.attempts())


async def test_after_the_last_attempt_of_the_schedule_the_endpoint_is_disabled(world: WebhookWorld) -> None:
    async with serving(lambda _: Reply(503)) as server:
        endpoint = world.add(server.url())
        world.tell(dismissed(1))
        began = [world.clock.now()]
        for attempt in range(1, STANDARD.attempts + 1):
            assert await world.deliver() == 1
            (row,) = world.deliveries()
            if attempt == STANDARD.attempts:
                break
            assert row["status"] == "pending"
            waited = (row["next_attempt_at"] - began[-1]).total_seconds()
            assert STANDARD.waits[attempt] <= waited <= STANDARD.waits[attempt] * (1 + STANDARD.jitter)
            world.clock.set(row["next_attempt_at"] - timedelta(seconds=1))
            assert await world.deliver() == 0, "nothing is sent early"
            world.clock.set(row["next_attempt_at"])
            began.append(world.clock.now())
    assert row["status"] == "failed"
    assert len({request.headers["webhook-id"] for request in server.requests}) == 1
    assert len({request.body for request in server.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in server.requests}) == STANDARD.attempts
    given_up = world.endpoint(endpoint.id)
    assert given_up.state == "disabled"
    assert "three days" in (given_up.disabled_because or "")
    (told,) = world.publisher.events
    assert told.data.event_type == "endpoint.disabled"


async def test_an_endpoint_that_accepted_something_meanwhile_stays_active(world: WebhookWorld) -> None:
    async with serving(lambda request: Reply(200 if b"drf_2" in request.body else 500)) as server:
        endpoint = world.add(server.url())
        world.tell(dismissed(1))
        for attempt in range(STANDARD.attempts):
            if attempt == 3:
                world.tell(dismissed(2, world.clock.now()))
            await world.deliver()
            world.clock.advance(days=2)
    assert [row["status"] for row in world.deliveries()] == ["failed", "delivered"]
    assert world.endpoint(endpoint.id).state == "active"


async def test_status_410_disables_the_endpoint_tells_the_others_and_loses_nothing(world: WebhookWorld) -> None:
    answers = {"/gone": 410, "/other": 200}
    async with serving(lambda request: Reply(answers[request.path])) as server:
        gone = world.add(server.url("/gone"), concurrency=1)
        world.add(server.url("/other"), wants=Subscription(types=("endpoint.disabled",)))
        world.tell(dismissed(1), dismissed(2))
        await world.deliver()
        assert world.endpoint(gone.id).state == "disabled"
        assert len(server.requests) == 1, "nothing more is sent there"
        world.tell(*world.publisher.events, dismissed(3))
        await world.deliver()
        assert json.loads(server.requests[-1].body)["data"]["cause"] == "gone"
        assert json.loads(server.requests[-1].body)["data"]["waiting"] == 1

        answers["/gone"] = 200
        with world.engine.begin() as connection:
            enable(connection, endpoints.find(connection, gone.id), world.clock.now())
            again = endpoints.find(connection, gone.id)
            assert replay.replay_span(connection, again, world.clock.now(), since=NOW) == 4
        await world.deliver()
    got = [json.loads(request.body)["data"].get("draft_id") for request in server.requests if request.path == "/gone"]
    assert sorted(filter(None, got[1:])) == ["drf_1", "drf_2", "drf_3"]


@pytest.mark.parametrize("as_date", [False, True])
async def test_retry_after_applies_to_the_whole_endpoint(world: WebhookWorld, as_date: bool) -> None:
    value = format_datetime(NOW + timedelta(hours=2), usegmt=True) if as_date else "7200"
    async with serving(lambda _: Reply(429, headers={"Retry-After": value})) as server:
        world.add(server.url(), concurrency=1)
        world.tell(dismissed(1), dismissed(2))
        assert await world.deliver() == 1
        world.clock.advance(hours=1, minutes=59)
        assert await world.deliver() == 0
        world.clock.advance(minutes=2)
        assert await world.deliver() >= 1
    assert len(server.requests) >= 2


async def test_an_endpoint_gets_only_what_it_subscribed_to(world: WebhookWorld) -> None:
    async with serving(lambda _: Reply()) as server:
        world.clock.set(NOW - timedelta(days=30))
        world.add(server.url("/all"))
        world.add(server.url("/held"), wants=Subscription(types=("rumor.held",)))
        world.add(server.url("/nadia"), wants=Subscription(clients=("brightwater",)))
        world.clock.set(NOW + timedelta(days=1))
        world.tell(*seed_events())
        await world.deliver()
    of = {path: [json.loads(r.body) for r in server.requests if r.path == path] for path in ("/all", "/held", "/nadia")}
    assert {"alert.raised", "alert.corrected", "rumor.held", "draft.created"} <= {entry["type"] for entry in of["/all"]}
    assert {entry["type"] for entry in of["/held"]} == {"rumor.held"}
    assert of["/held"][0]["data"]["alert"]["if_they_ask"]
    clients = {(entry["data"].get("alert") or entry["data"].get("draft"))["client_id"] for entry in of["/nadia"]}
    assert clients == {"brightwater"}


@pytest.mark.parametrize(("status", "count"), [("failed", 1), ("unknown", 1), ("pending", 0), ("delivered", 0)])
async def test_messages_that_did_not_arrive_are_reported(
    world: WebhookWorld, status: DeliveryStatus, count: int
) -> None:
    delivery = Delivery(
        id="dlv_1", draft_id="drf_1", client_id="claire", channel="email", recipient="claire@arnaud.example",
        status=status, attempts=3, last_error="no such user",
    )  # fmt: skip
    changed = DeliveryChanged(delivery=delivery)
    async with serving(lambda _: Reply()) as server:
        world.add(server.url(), wants=Subscription(types=("delivery.failed",)))
        world.tell(event(changed, key="claire", id="evt_1", source="test", time=NOW))
        assert await world.deliver() == count
    assert [json.loads(request.body)["data"]["delivery"]["status"] for request in server.requests] == [status] * count


async def test_earlier_events_are_sent_only_by_a_replay(world: WebhookWorld) -> None:
    async with serving(lambda _: Reply()) as server:
        world.tell(dismissed(1, NOW - timedelta(hours=2)))  # nobody is there
        endpoint = world.add(server.url())
        world.tell(dismissed(2, NOW - timedelta(seconds=1)), dismissed(3, NOW - timedelta(hours=9)))
        assert await world.deliver() == 0
        with world.engine.begin() as connection:
            assert replay.replay_span(connection, endpoint, NOW, since=NOW - timedelta(hours=3)) == 2
        assert await world.deliver() == 2
    assert {json.loads(request.body)["data"]["draft_id"] for request in server.requests} == {"drf_1", "drf_2"}


def test_without_endpoints_messages_are_kept_for_a_week(world: WebhookWorld) -> None:
    world.tell(dismissed(1))
    with world.engine.begin() as connection:
        assert outbox.prune(connection, NOW + outbox.KEPT_WITHOUT_ENDPOINTS) == 0
        assert outbox.prune(connection, NOW + outbox.KEPT_WITHOUT_ENDPOINTS + timedelta(seconds=1)) == 1


async def test_both_secrets_sign_while_one_is_replaced(world: WebhookWorld) -> None:
    world.clock.set(datetime.now(UTC))
    async with serving(lambda _: Reply()) as server:
        endpoint = world.add(server.url())
        with world.engine.begin() as connection:
            fresh = endpoints.rotate(connection, endpoint.id, world.clock.now())
        world.tell(dismissed(1, world.clock.now()))
        await world.deliver()
        former = endpoint.secrets[0].value
        for secret in (former, fresh):
            Webhook(secret).verify(server.requests[0].body, dict(server.requests[0].headers))
        world.clock.advance(hours=25)
        assert world.endpoint(endpoint.id).signing(world.clock.now()) == [fresh]
    assert former not in repr(world.endpoint(endpoint.id))


async def test_an_ordered_endpoint_gets_messages_one_after_another(world: WebhookWorld) -> None:
    broken = True
    async with serving(lambda _: Reply(500 if broken else 200)) as server:
        world.add(server.url(), ordered=True)
        world.tell(*(dismissed(number) for number in range(5)))
        assert await world.deliver() == 1
        broken = False
        world.clock.advance(seconds=6)
        assert await world.deliver() == 5
    got = [json.loads(request.body)["data"]["draft_id"] for request in server.requests]
    assert got == ["drf_0", "drf_0", "drf_1", "drf_2", "drf_3", "drf_4"]


async def test_the_rate_limit_is_kept(world: WebhookWorld) -> None:
    times: list[float] = []

    def answer(_: Request) -> Reply:
        times.append(time.monotonic())
        return Reply()

    async with serving(answer) as server:
        world.add(server.url(), per_second=10.0, concurrency=20)
        world.tell(*(dismissed(number) for number in range(16)))
        begun = time.monotonic()  # not when the tenth came in: on a busy machine that is late, and the rest soon after
        assert await world.deliver() == 16
    assert times[-1] - begun >= 0.5, "ten at once, then ten a second"


async def test_an_endless_response_body_does_not_change_the_outcome(world: WebhookWorld) -> None:
    async def endless():  # type: ignore[no-untyped-def]
        while True:
            yield b"x" * 1_000
            await asyncio.sleep(0)

    async with serving(lambda _: Reply(200, stream=endless)) as server:
        world.add(server.url())
        world.tell(dismissed(1))
        await world.deliver()
    (attempt,) = world.attempts()
    assert attempt["outcome"] == "delivered"
    assert len(attempt["response"]["body"]) <= 2_000


async def test_an_interrupted_attempt_is_unknown_and_repeated_under_the_same_id(world: WebhookWorld) -> None:
    async with serving(lambda _: Reply()) as server:
        endpoint = world.add(server.url())
        world.tell(dismissed(1))
        with world.engine.begin() as connection:
            (work,) = outbox.claim(connection, {endpoint.id: 4}, world.clock.now())
            assert outbox.claim(connection, {endpoint.id: 4}, world.clock.now()) == []
        async with world.worker() as worker:
            assert worker.recover(timedelta(seconds=60)) == 0, "another instance may be at it"
            assert worker.recover(timedelta(0)) == 1
        world.clock.advance(seconds=6)
        await world.deliver()
    assert [attempt["outcome"] for attempt in world.attempts()] == ["unknown", "delivered"]
    assert server.requests[0].headers["webhook-id"] == work.delivery_id


async def test_a_late_response_counts(world: WebhookWorld) -> None:
    endpoint = world.add("https://hooks.example/")
    world.tell(dismissed(1))
    with world.engine.begin() as connection:
        (work,) = outbox.claim(connection, {endpoint.id: 4}, world.clock.now())
        QUEUE.recover(connection, world.clock.now(), world.clock.now())
        outbox.finish(
            connection,
            [outbox.FinishedWebhook(work, {}, PostResult("delivered", "answered 200", 200))],
            world.clock.now(),
        )
    assert world.deliveries()[0]["status"] == "delivered"


async def test_a_slow_endpoint_does_not_delay_others(world: WebhookWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.timeout_seconds = 2 * PATIENCE_SECONDS
    monkeypatch.setattr(webhook_worker, "ATTEMPT_SECONDS", 2 * PATIENCE_SECONDS)
    later = asyncio.Event()

    def answer(request: Request) -> Reply:
        return Reply(after=later.wait) if request.path.startswith("/slow") else Reply()

    async with serving(answer) as server:
        for number in range(2):
            world.add(server.url(f"/slow{number}"))
        for number in range(8):
            world.add(server.url(f"/quick{number}"))
        world.tell(*(dismissed(number) for number in range(20)))
        stop = asyncio.Event()
        async with world.worker() as worker:
            running = asyncio.create_task(worker.run(stop))
            await until(lambda: sum(row["status"] == "delivered" for row in world.deliveries()) == 160)
            assert 2 <= sum(request.path.startswith("/slow") for request in server.requests) <= 20
            stop.set()
            later.set()
            await running


async def test_a_replay_starts_the_schedule_anew(world: WebhookWorld) -> None:
    async with serving(lambda _: Reply(500)) as server:
        endpoint = world.add(server.url())
        world.tell(dismissed(1))
        await world.deliver()
        (row,) = world.deliveries()
        with world.engine.begin() as connection:
            replay.replay_message(connection, endpoint, row["message_id"], world.clock.now())
        assert world.deliveries()[0]["attempts_before"] == 0, "what waits anyhow is left alone"
        for _ in range(1, STANDARD.attempts):
            world.clock.advance(days=2)
            await world.deliver()
        assert world.deliveries()[0]["status"] == "failed"
        with world.engine.begin() as connection:
            enable(connection, world.endpoint(endpoint.id), world.clock.now())
            replay.replay_message(connection, endpoint, row["id"], world.clock.now())
        await world.deliver()
    (again,) = world.deliveries()
    assert (again["status"], again["attempts"], again["attempts_before"]) == ("pending", 11, 10)


async def test_old_messages_are_dropped_unless_they_wait(world: WebhookWorld) -> None:
    async with serving(lambda request: Reply(500 if b"drf_2" in request.body else 200)) as server:
        world.add(server.url())
        world.tell(dismissed(1), dismissed(2))
        await world.deliver()
    with world.engine.begin() as connection:
        assert outbox.prune(connection, world.clock.now()) == 0
        assert outbox.prune(connection, world.clock.now() + outbox.KEPT + timedelta(days=1)) == 1
    assert [row["status"] for row in world.deliveries()] == ["pending"]
