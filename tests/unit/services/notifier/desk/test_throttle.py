"""Failed sign-ins are throttled by network and account, across processes, and lock nobody else out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from firstword.storage.engine import open_sqlite
from services.common.db import reading
from services.notifier.desk import auth, throttle
from services.notifier.desk.throttle import FREE, LONGEST, count_failure, network_of, refuse, wait_after, wait_of
from services.notifier.desk.tokens import create_api_token, list_tokens, revoke_token
from services.notifier.tables import audit_log, signin_failures
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def link(world: World, user_id: str) -> str:
    with world.engine.begin() as connection:
        return auth.create_signin_link(connection, user_id, world.clock.now())


def failures(world: World) -> list[tuple[str, str]]:
    query = select(audit_log.c.user_id, audit_log.c.detail).where(audit_log.c.action == "signin.failed")
    with reading(world.engine) as connection:
        return [(row.user_id, row.detail) for row in connection.execute(query.order_by(audit_log.c.id))]


def from_address(world: World, address: str) -> TestClient:
    """Return a browser with an address of its own, at the same database."""
    client = world.browser(None)
    return TestClient(client.app, follow_redirects=False, client=(address, 4000))


def guess(client: TestClient, token: str = "a guess") -> int:  # noqa: S107 - not a secret
    status: int = client.post("/signin", data={"token": token}).status_code
    return status


def test_waits_double_up_to_a_limit() -> None:
    assert [int(wait_after(count).total_seconds()) for count in (1, FREE - 1, FREE, FREE + 1, FREE + 4)] == [
        0, 0, 1, 2, 16,
    ]  # fmt: skip
    assert wait_after(50) == wait_after(10_000) == LONGEST


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
     ("fe80::1%eth0", "fe80::/64"), ("testclient", "unknown"), (None, "unknown"), ("", "unknown")],
)  # fmt: skip
def test_a_network_is_an_address_or_a_64(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_failures_from_one_address_wait_ever_longer_and_are_audited(world: World) -> None:
    client = from_address(world, "192.0.2.7")
    assert [guess(client) for _ in range(FREE + 2)] == [403] * FREE + [429] * 2
    assert failures(world) == [("nobody", "an unknown link, from 192.0.2.7")] * FREE
    answer = client.post("/signin", data={"token": "a guess"})
    assert answer.headers["Retry-After"] == "1"
    assert "Wait 1 s" in answer.text
    world.clock.advance(seconds=1)
    assert guess(client) == 403
    assert client.post("/signin", data={"token": "a guess"}).headers["Retry-After"] == "2"
    assert guess(from_address(world, "192.0.2.8")) == 403, "another network does not wait"
    world.clock.advance(hours=25)
    assert [guess(client) for _ in range(FREE)] == [403] * FREE, "a day later, all is forgotten"
    with reading(world.engine) as connection:
        assert connection.execute(select(signin_failures.c.key)).scalars().all() == ["address 192.0.2.7"]


def test_nobody_locks_a_colleague_out(world: World) -> None:
    attacker = from_address(world, "192.0.2.7")
    old = link(world, "manager-mara")
    assert guess(from_address(world, "192.0.2.1"), old) == 303
    while guess(attacker, old) != 429:
        pass
    for _ in range(20):
        world.clock.advance(minutes=15)
        guess(attacker, old)
    colleague = from_address(world, "192.0.2.7")
    assert guess(colleague, link(world, "manager-mara")) == 303
    assert colleague.get("/").status_code == 200


def test_a_dead_link_of_an_account_waits_from_everywhere_and_a_sign_in_forgets_it(world: World) -> None:
    old = link(world, "manager-mara")
    assert guess(from_address(world, "192.0.2.1"), old) == 303
    answers = [guess(from_address(world, f"198.51.100.{number}"), old) for number in range(FREE + 1)]
    assert answers == [403] * FREE + [429]
    assert failures(world)[0] == ("manager-mara", "a used link, from 198.51.100.0")
    assert guess(from_address(world, "198.51.100.9"), link(world, "manager-mara")) == 303
    assert guess(from_address(world, "198.51.100.10"), old) == 403


def test_the_answer_does_not_tell_whether_there_is_an_account(world: World) -> None:
    used, expired = link(world, "manager-mara"), link(world, "manager-june")
    assert guess(from_address(world, "192.0.2.1"), used) == 303
    world.clock.advance(hours=2)
    pages = [
        from_address(world, f"203.0.113.{number}").post("/signin", data={"token": token})
        for number, token in enumerate((used, expired, "a guess"))
    ]
    assert len({(page.status_code, page.text) for page in pages}) == 1
    assert [user for user, _ in failures(world)] == ["manager-mara", "manager-june", "nobody"]


def test_dead_api_tokens_wait_too_and_valid_ones_do_not(world: World) -> None:
    with world.engine.begin() as connection:
        dead = create_api_token(connection, "owner", NOW)
        revoke_token(connection, list_tokens(connection)[0].id, NOW)
        valid = create_api_token(connection, "owner", NOW)
    client = from_address(world, "192.0.2.7")

    def call(token: str) -> int:
        status: int = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code
        return status

    assert [call(dead) for _ in range(FREE + 1)] == [401] * FREE + [429]
    assert call("fw_guess") == 429
    assert call(valid) == 200
    user, detail = failures(world)[0]
    assert user == "owner"
    assert detail.startswith("the revoked token tok_")
    assert dead not in detail


def test_processes_count_together(world: World, tmp_path: Path) -> None:
    engines = [world.engine, *(open_sqlite(tmp_path / "desk.db") for _ in range(3))]

    def attempt(number: int) -> int:
        return refuse(engines[number % 4], NOW, what="link", peer="192.0.2.7", user_id=None, why="a guess")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(attempt, range(40)))
    assert len(failures(world)) == answers.count(0) == FREE
    for engine in engines[1:]:
        engine.dispose()


def test_a_restart_forgets_no_failure(world: World) -> None:
    for _ in range(FREE):
        guess(from_address(world, "192.0.2.7"))
    again = TestClient(world.browser(None).app, follow_redirects=False, client=("192.0.2.7", 1))
    assert guess(again) == 429


def test_sign_ins_and_sign_outs_are_audited(world: World) -> None:
    client = from_address(world, "2001:db8::5")
    assert guess(client, link(world, "owner")) == 303
    form = client.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    assert client.post("/signout", data={"form_token": form}).status_code == 303
    query = select(audit_log.c.user_id, audit_log.c.action, audit_log.c.detail).where(
        audit_log.c.action.startswith("sign")
    )
    with reading(world.engine) as connection:
        assert [tuple(row) for row in connection.execute(query.order_by(audit_log.c.id))] == [
            ("owner", "signin", "from 2001:db8::/64"),
            ("owner", "signout", None),
        ]


def test_old_failures_are_deleted(world: World) -> None:
    with world.engine.begin() as connection:
        count_failure(connection, ("address 192.0.2.1",), NOW)
        count_failure(connection, ("address 192.0.2.2",), NOW + throttle.MEMORY + timedelta(seconds=1))
        assert connection.execute(select(signin_failures.c.key)).scalars().all() == ["address 192.0.2.2"]
        assert wait_of(connection, ("address 192.0.2.1",), NOW) == 0
