"""Owners are told by mail about what lets somebody in or takes out all data, whoever seems to have done it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from firstword.cli.operator import OPERATOR
from firstword.gate_log import DEFAULTS, record_policy
from services.common.db import reading
from services.notifier import audit
from services.notifier.delivery.routes import ManagerRoutes, manager_mail
from services.notifier.desk.actions import people
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.auth import Viewer
from services.notifier.digest.manager_mailer import ManagerMailer
from services.notifier.digest.owner_notices import TOLD, OwnerNoticeSource
from services.notifier.digest.tables import manager_messages
from services.notifier.gate.policy import GatePolicy
from services.notifier.tables import audit_log
from tests.desk_data import NOW
from tests.desk_world import OWNER, World
from tests.fakes import ScriptedChannel

ROUTES: ManagerRoutes = {"email": manager_mail, "teams": manager_mail}
OUR, SECOND = "owner@firm.example", "second@firm.example"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a desk with two owners, and nothing that is not told yet."""
    world = World.make(tmp_path)
    act(world, people.add_person, "second", "Second", "owner", by=OPERATOR)
    act(world, people.set_email, "owner", OUR, by=OPERATOR)
    act(world, people.set_email, "second", SECOND, by=OPERATOR)
    act(world, people.set_email, "manager-mara", "mara@firm.example", by=OPERATOR)
    with world.engine.begin() as connection:
        connection.execute(update(audit_log).values(at=NOW - timedelta(days=2)))
    return world


def act(world: World, action: object, *args: object, by: Viewer = OWNER) -> None:
    with world.engine.begin() as connection:
        action(ActionContext(connection, world.publisher, by, world.clock.now()), *args)  # type: ignore[operator]


def log(world: World, user_id: str, action: str, subject: str, detail: str | None = None) -> None:
    with world.engine.begin() as connection:
        audit.record(connection, world.clock.now(), user_id, action, subject, None, detail)


async def told(world: World) -> list[tuple[str, str]]:
    """Return to whom a mail was sent just now, and what its first sentence says."""
    channel = ScriptedChannel()
    await ManagerMailer(
        world.engine, world.clock, {"email": channel}, [OwnerNoticeSource(ROUTES, "https://desk.example")]
    ).send_due()
    return sorted((message.recipient, message.body.partition(". It was done by ")[0]) for message in channel.sent)


async def test_a_second_owner_is_told_to_all_owners_once_also_to_who_did_it(world: World) -> None:
    act(world, people.add_person, "eve", "Eve", "owner")
    said = "eve was added as owner"
    assert await told(world) == [(OUR, said), (SECOND, said)]
    assert await told(world) == []
    with reading(world.engine) as connection:
        row = connection.execute(select(manager_messages)).mappings().first()
    assert row is not None
    assert (row["kind"], "Owner (owner)" in row["text"], "https://desk.example/sessions" in row["html"]) == (
        "security", True, True,
    )  # fmt: skip


async def test_who_is_owner_no_more_is_told_too(world: World) -> None:
    act(world, people.change_role, "second", "reader")
    said = "The role of second is now read-only, before: owner"
    assert await told(world) == [(OUR, said), (SECOND, said)]
    act(world, people.change_role, "second", "owner")
    await told(world)
    act(world, people.disable, "second")
    assert [reader for reader, _ in await told(world)] == [OUR, SECOND]


async def test_an_address_that_was_replaced_is_told(world: World) -> None:
    act(world, people.set_email, "second", "eve@elsewhere.example")
    readers = [reader for reader, _ in await told(world)]
    assert readers == ["eve@elsewhere.example", OUR, SECOND]


@pytest.mark.parametrize(
    ("user", "action", "subject", "detail", "said"),
    [
        ("owner", "user.link_created", "second", None, "A sign-in link for second was made"),
        ("ops", "user.link_created", "owner", None, "A sign-in link for owner was made"),
        ("owner", "user.link_created", "manager-mara", None, None),
        ("owner", "token.created", "crm", "read", "An API token called “crm” was made (read)"),
        ("ops", "token.created", "owner", None, "An API token called “owner” was made (for everything)"),
        ("manager-mara", "token.created", "crm", "read", None),
        ("ops", "token.created", "press", "items, for the inlet press", None),
        ("owner", "clients.exported", "clients", "7", "The client book was exported"),
        ("manager-mara", "clients.exported", "clients", "3", None),
        ("ops", "installation.exported", "installation", None, "The whole installation was exported"),
        ("owner", "factor.required", "roles", "none", "Roles that need a second factor: none"),
        ("owner", "user.added", "ann", "read-only", None),
        ("owner", "user.role", "ann", "ops; before: read-only", None),
        ("owner", "user.factor_added", "owner", None, "owner has set up a second factor"),
        ("manager-mara", "user.factor_added", "manager-mara", None, None),
        ("owner", "user.added", "{0.__class__}", "owner", "{0.__class__} was added as owner"),
    ],
)
async def test_what_is_told(
    world: World, user: str, action: str, subject: str, detail: str | None, said: str | None
) -> None:
    log(world, user, action, subject, detail)
    found = await told(world)
    assert found == ([] if said is None else [(OUR, said), (SECOND, said)])


async def test_rules_of_approval_that_became_milder_are_told(world: World) -> None:
    def start(policy: GatePolicy) -> bool:
        with world.engine.begin() as connection:
            return record_policy(connection, policy, world.clock.now())

    assert not start(GatePolicy()), "what ships needs no entry"
    strict = GatePolicy({"cliche": "second_person"}, ("second",), ("compliance",))
    assert (start(strict), start(strict)) == (True, False)
    assert start(GatePolicy()), "switched off again"
    assert [said for reader, said in await told(world) if reader == OUR] == [
        "The rules of approval are now: cliche: second_person; second person: second, every compliance",
        f"The rules of approval are now: {DEFAULTS}",
    ]


async def test_without_an_address_or_mail_nothing_is_queued(world: World) -> None:
    act(world, people.add_person, "eve", "Eve", "owner")
    OwnerNoticeSource({"teams": manager_mail}, "https://desk.example").enqueue_due(world.engine, NOW)
    for user_id in ("owner", "second"):
        act(world, people.set_email, user_id, "")
    world.clock.advance(seconds=60)
    assert [reader for reader, _ in await told(world)] == [OUR, SECOND], "only the addresses that were replaced"


def test_each_action_that_is_told_is_one_that_is_audited() -> None:
    root = Path(people.__file__).parents[4]
    files = [*(root / "services").rglob("*.py"), *(root / "firstword").rglob("*.py")]
    sources = "\n".join(path.read_text() for path in files if path.name != "owner_notices.py")
    assert [action for action in TOLD if f'"{action}"' not in sources] == []
