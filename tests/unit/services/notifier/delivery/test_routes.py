"""Clients get messages by the channel they prefer, or by the next one if it failed; never by two."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from schemas.base import event
from schemas.clients import Client, ClientChanged, ContactPolicy
from services.common.db import reading
from services.notifier.delivery.channels.base import Outcome
from services.notifier.delivery.routes import MAIL, by_name, mail_address, targets
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.actions.drafts import approve
from services.notifier.tables import deliveries
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import OWNER, World
from tests.fakes import ScriptedChannel

ROUTES = {"email": mail_address, "slack": by_name({"claire-arnaud"})}


def client(*channels: str, email: str | None = "claire@arnaud.example") -> Client:
    contact = ContactPolicy(channels=channels, email=email)
    return clients()[0].model_copy(update={"contact": contact})


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (client("email"), ["email"]),
        (client("slack", "email"), ["slack", "email"]),
        (client("teams", "slack"), ["slack"]),
        (client("phone"), ["email"]),
        (client("slack", "email", email=None), ["slack"]),
        (client("email", email=None), []),
    ],
)
def test_the_clients_order_is_kept(one: Client, expected: list[str]) -> None:
    assert [name for name, _ in targets(one, ROUTES)] == expected
    assert [name for name, _ in targets(one, MAIL)] == (["email"] if one.contact.email else [])


async def send(database: Engine, outcome: Outcome) -> tuple[World, str, ScriptedChannel, ScriptedChannel]:
    """Send a draft to a client who prefers Slack, then mail; Slack's outcome is ``outcome``."""
    world = World.on(database)
    changed = ClientChanged(client=client("slack", "email"), firm=FIRM, manager=MANAGERS["mara"], revision=2)
    world.apply([event(changed, key="claire-arnaud", id="evt_2", source="test", time=NOW)])
    line = world.draft("claire-arnaud", "warn")
    with database.begin() as connection:
        approve(
            ActionContext(connection, world.publisher, OWNER, NOW, None, ROUTES), line.id, line.version, at_once=True
        )
    slack, mail = ScriptedChannel(outcome), ScriptedChannel()
    slack.name = "slack"
    worker = DeliveryWorker(database, world.publisher, world.clock, {"slack": slack, "email": mail}, routes=ROUTES)
    for _ in range(3):
        await worker.deliver_due()
    return world, line.id, slack, mail


async def test_the_next_channel_takes_over_after_a_failure(database: Engine) -> None:
    world, draft_id, slack, mail = await send(database, Outcome("rejected", "no such channel"))
    assert (len(slack.sent), len(mail.sent)) == (1, 1)
    assert slack.sent[0].recipient == "claire-arnaud"
    assert mail.sent[0].recipient == "claire@arnaud.example"
    assert mail.sent[0].body == slack.sent[0].body
    assert world.line(draft_id).state == "sent"
    assert world.types().count("draft.sent") == 1
    with reading(database) as connection:
        ends = connection.execute(
            select(deliveries.c.channel, deliveries.c.status).order_by(deliveries.c.channel)
        ).all()
    assert [tuple(end) for end in ends] == [("email", "delivered"), ("slack", "failed")]


async def test_a_message_that_may_have_arrived_uses_no_other_channel(database: Engine) -> None:
    world, draft_id, slack, mail = await send(database, Outcome("unknown", "no answer"))
    assert (len(slack.sent), len(mail.sent)) == (1, 0)
    assert world.line(draft_id).state == "unknown"


async def test_one_working_channel_is_enough(database: Engine) -> None:
    _, _, slack, mail = await send(database, Outcome("delivered", "ok"))
    assert (len(slack.sent), len(mail.sent)) == (1, 0)
