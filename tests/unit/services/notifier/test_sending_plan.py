"""The plan that the desk shows is what the outbox does: over many states of hours, budget, blackouts and deadlines."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, insert, select, update

from schemas.base import event
from schemas.clients import Blackout, ClientChanged, ContactPolicy
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier import queries
from services.notifier.desk.errors import Conflict
from services.notifier.desk.sending_labels import approve_button, leaves
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING
from services.notifier.sending_plan import Sending, plan_sendings
from services.notifier.tables import audit_log, deliveries, delivery_attempts, drafts, interactions
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World
from tests.fakes import ScriptedChannel

ZONE = ZoneInfo("Europe/Stockholm")
UNDO = timedelta(seconds=10)
SECOND = timedelta(seconds=1)
CLAIRE = next(client for client in clients() if client.id == "claire-arnaud")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


@dataclass
class Walk:
    """One draft on which states are tried in turn."""

    world: World
    line: DraftLine
    step: int = 0

    def enter(
        self, policy: ContactPolicy, now: datetime, deadline: datetime, sent: list[datetime], waiting: list[datetime]
    ) -> None:
        """Set the client's policy, the time, the deadline, and what was sent and waits for the client."""
        self.step += 1
        world = self.world
        changed = ClientChanged(
            client=CLAIRE.model_copy(update={"contact": policy}), firm=FIRM, manager=MANAGERS["mara"],
            revision=10 + self.step,
        )  # fmt: skip
        world.apply([event(changed, key=CLAIRE.id, id=f"evt_{self.step}", source="test", time=now)])
        with world.engine.begin() as connection:
            connection.execute(delete(delivery_attempts))
            connection.execute(delete(deliveries))
            connection.execute(delete(interactions))
            for number, at in enumerate(sent):
                row = {"id": f"int_{number}", "client_id": CLAIRE.id, "manager_id": "mara", "at": at}
                more = {"channel": "email", "summary": "Earlier", "outcome": "sent"}
                connection.execute(insert(interactions).values(**row, **more))
            for number, at in enumerate(waiting):
                connection.execute(insert(deliveries).values(**self._waiting(number, at, now)))
            connection.execute(
                update(drafts).where(drafts.c.id == self.line.id).values(state="open", deadline_at=deadline)
            )
        world.at(now)

    def _waiting(self, number: int, at: datetime, now: datetime) -> dict[str, object]:
        return {
            "id": f"dlv_{number}", "draft_id": f"drf_other_{number}", "client_id": CLAIRE.id, "channel": "elsewhere",
            "recipient": "claire@arnaud.example", "status": "pending", "attempts": 0, "next_attempt_at": at,
            "subject": "Other", "body": "Other.", "approved_by": "owner", "created_at": now, "changed_at": now,
        }  # fmt: skip

    def plan(self, undo: timedelta = UNDO) -> Sending:
        """Return the plan as the pages compute it."""
        with reading(self.world.engine) as connection:
            line = queries.draft(connection, EVERYTHING, self.line.id)
            assert line is not None
            return plan_sendings(connection, [line], self.world.clock.now(), undo)[line.id]

    def approve(self, **named: Any) -> datetime:
        """Approve the draft and return when it leaves."""
        version = self.world.line(self.line.id).version
        leaves_at = self.world.desk("approve", self.line.id, version, undo=UNDO, **named)
        assert isinstance(leaves_at, datetime)
        return leaves_at

    async def sent_at(self, moment: datetime) -> bool:
        """Run the outbox at ``moment`` and return whether this draft left."""
        self.world.at(moment)
        with self.world.engine.begin() as connection:
            connection.execute(delete(deliveries).where(deliveries.c.channel == "elsewhere"))
        channel = ScriptedChannel()
        await self.world.worker(channel).deliver_due()
        return len(channel.sent) == 1


@pytest.fixture
def walk(world: World) -> Walk:
    line = world.draft("claire-arnaud", "tell", "open")
    with world.engine.begin() as connection:
        connection.execute(update(drafts).values(urgency="normal"))
        stored = line.draft.model_copy(update={"urgency": "normal", "budget": "within"})
        payload = stored.model_dump(mode="json", exclude_none=True)
        connection.execute(update(drafts).where(drafts.c.id == line.id).values(payload=payload, checks=None))
    return Walk(world, line)


def a_state(dice: random.Random) -> tuple[ContactPolicy, datetime, datetime, list[datetime], list[datetime]]:
    """Return a policy, the time, the deadline, and when messages were and will be sent."""
    now = NOW + timedelta(minutes=dice.randrange(7 * 24 * 60))
    quiet = dice.choice([(None, None), (time(18), time(8)), (time(12), time(14))])
    days = dice.choice([(0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5, 6), (1, 3)])
    blackouts = []
    if dice.random() < 0.3:
        until = now.date() + timedelta(days=dice.randrange(4))
        about = dice.choice([(), (CLAIRE.assets[0].name,)])
        blackouts.append(Blackout(until=until, reason="on leave", about=about))
    policy = ContactPolicy(
        email="claire@arnaud.example", quiet_from=quiet[0], quiet_until=quiet[1], working_days=days,
        max_per_week=dice.choice((0, 1, 2, 3)), blackouts=tuple(blackouts), do_not_contact=dice.random() < 0.05,
    )  # fmt: skip
    sent = [now - timedelta(hours=dice.randrange(1, 200)) for _ in range(dice.randrange(4))]
    waiting = [now + timedelta(hours=dice.randrange(1, 60)) for _ in range(dice.choice((0, 0, 1)))]
    return policy, now, now + timedelta(minutes=dice.choice((10, 300, 3_000, 20_000))), sent, waiting


@pytest.mark.slow
async def test_the_plan_that_is_shown_is_what_the_outbox_does(walk: Walk) -> None:
    dice = random.Random(20260305)  # noqa: S311 - not a secret
    seen = {"at once": 0, "later": 0, "too late": 0, "refused": 0, "overridden": 0}
    for _ in range(40):
        walk.enter(*a_state(dice))
        now, plan = walk.world.clock.now(), walk.plan()
        if not plan.possible:
            with pytest.raises(BadInput):
                walk.approve()
            seen["refused" if plan.refused else "too late"] += 1
            if not plan.may_override:
                with pytest.raises(BadInput):
                    walk.approve(at_once=True, override_reason="She asked for it")
                continue
            seen["overridden"] += 1
            expected, named = now + UNDO, {"at_once": True, "override_reason": "She asked for it"}
        else:
            seen["at once" if plan.at_once else "later"] += 1
            expected, named = plan.leaves_at, {"shown": plan.leaves_at}
        assert walk.approve(**named) == expected
        if plan.possible:
            queued = walk.plan()
            assert leaves(queued, ZONE, now, UNDO) == leaves(plan, ZONE, now, UNDO)
            assert (queued.why, queued.sooner) == (plan.why, plan.sooner)
        assert not await walk.sent_at(expected - SECOND)
        assert await walk.sent_at(expected)
        assert walk.world.line(walk.line.id).state == "sent"
    assert min(seen.values()) >= 3, seen


OPEN = ContactPolicy(email="claire@arnaud.example")
#: A Thursday morning; the client's hours begin at 8:00 in Paris.
EARLY = datetime(2026, 3, 5, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_button_says_what_it_does(walk: Walk) -> None:
    walk.enter(OPEN, NOW, NOW + DAY, [], [])
    assert approve_button(walk.plan(), ZONE, NOW, UNDO, None) == "Approve and send"
    walk.enter(OPEN, EARLY, EARLY + DAY, [], [])
    plan = walk.plan()
    assert approve_button(plan, ZONE, EARLY, UNDO, None) == "Approve; leaves today 08:00 CET"
    new_york = leaves(plan, ZoneInfo("America/New_York"), EARLY, UNDO)
    assert new_york == "Leaves today 02:00 EST (08:00 their time)"
    assert "outside Claire Arnaud's contact hours" in plan.sooner[0]


def test_a_message_that_cannot_arrive_in_time_says_so(walk: Walk) -> None:
    walk.enter(OPEN, EARLY, EARLY + timedelta(hours=1), [], [])
    assert leaves(walk.plan(), ZONE, EARLY, UNDO) == "Cannot arrive in time: call, send now with a reason, or drop."
    with pytest.raises(BadInput, match="cannot arrive in time"):
        walk.approve()
    with pytest.raises(BadInput, match="needs a reason"):
        walk.approve(at_once=True)
    assert walk.approve(at_once=True, override_reason="She flies at seven") == EARLY + UNDO
    with reading(walk.world.engine) as connection:
        details = connection.execute(select(audit_log.c.detail)).scalars().all()
    assert any("She flies at seven" in (detail or "") for detail in details)


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (-1, "has passed"),
        (30, "is after its deadline"),
        (12, "contact hours"),
    ],
)
def test_a_chosen_time_must_suit_the_client_and_the_deadline(walk: Walk, hours: int, said: str) -> None:
    walk.enter(OPEN, NOW, NOW + DAY, [], [])
    with pytest.raises(BadInput, match=said):
        walk.approve(leave_at=NOW + timedelta(hours=hours))


async def test_a_message_leaves_at_the_chosen_time(walk: Walk) -> None:
    walk.enter(OPEN, NOW, NOW + DAY, [], [])
    chosen = NOW + timedelta(hours=3)
    assert walk.approve(leave_at=chosen) == chosen
    assert walk.plan().chosen
    assert not await walk.sent_at(chosen - SECOND)
    assert await walk.sent_at(chosen)


def test_an_approval_is_refused_if_the_plan_has_changed_since_the_page_was_shown(walk: Walk) -> None:
    walk.enter(OPEN, NOW, NOW + 3 * DAY, [], [])
    shown = walk.plan().leaves_at
    walk.enter(OPEN.model_copy(update={"quiet_from": time(6), "quiet_until": time(20)}), NOW, NOW + 3 * DAY, [], [])
    with pytest.raises(Conflict, match=r"would now leave today 20:00"):
        walk.approve(shown=shown)
    assert walk.world.line(walk.line.id).state == "open"


async def test_a_message_is_put_off_if_the_clients_hours_change_while_it_waits(walk: Walk) -> None:
    walk.enter(OPEN, NOW, NOW + 3 * DAY, [], [])
    leaves_at = walk.approve()
    later = OPEN.model_copy(update={"quiet_from": time(6), "quiet_until": time(20)})
    changed = ClientChanged(
        client=CLAIRE.model_copy(update={"contact": later}), firm=FIRM, manager=MANAGERS["mara"], revision=99
    )
    walk.world.apply([event(changed, key=CLAIRE.id, id="evt_later", source="test", time=NOW)])
    shown = walk.plan().leaves_at
    assert shown == datetime.combine(date(2026, 3, 5), time(19), UTC)
    assert not await walk.sent_at(leaves_at)
    assert walk.plan().leaves_at == shown
    assert await walk.sent_at(shown)


async def test_a_message_that_mail_held_up_past_its_deadline_returns_to_the_inbox(walk: Walk) -> None:
    walk.enter(OPEN, NOW, NOW + timedelta(hours=1), [], [])
    walk.approve()
    assert not await walk.sent_at(NOW + timedelta(hours=2))
    line = walk.world.line(walk.line.id)
    assert line.state == "failed"
    assert "before its deadline" in (line.outcome or "")
