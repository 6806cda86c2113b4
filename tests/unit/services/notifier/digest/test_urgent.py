"""Account managers who want to know at once get one message about the urgent drafts that arrive together."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import Engine, select, update

from schemas.base import content_id, event
from schemas.clients import ClientChanged
from services.common.db import reading
from services.notifier.delivery.routes import ManagerRoutes, by_manager, manager_mail
from services.notifier.digest.manager_mailer import ManagerMailer
from services.notifier.digest.tables import manager_messages
from services.notifier.digest.urgent import APART, LISTED, UrgentSource
from services.notifier.tables import drafts
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World
from tests.fakes import ScriptedChannel

ROUTES: ManagerRoutes = {"email": manager_mail, "teams": by_manager({"manager:mara"})}


def world_of(engine: Engine, *by: str) -> World:
    """Return a world in which Mara wants urgent messages by these channels, and nothing is urgent yet."""
    world = World.on(engine)
    manager = MANAGERS["mara"].model_copy(update={"urgent": by})
    for client in clients():
        if client.manager_id == "mara":
            changed = ClientChanged(client=client, firm=FIRM, manager=manager, revision=9)
            id = content_id("evt", "9", client.id)
            world.apply([event(changed, key=client.id, id=id, source="test", time=NOW)])
    with engine.begin() as connection:
        connection.execute(update(drafts).values(urgency="high", deadline_at=NOW + timedelta(hours=5)))
    return world


def press(world: World, count: int) -> list[str]:
    """Make some of Mara's open drafts urgent; return their ids."""
    with world.engine.begin() as connection:
        query = select(drafts.c.id).where(drafts.c.client_id.in_(("claire-arnaud", "yusuf", "wolfe")))
        open_drafts = query.where(drafts.c.state == "open", drafts.c.urgency == "high")
        ids = connection.execute(open_drafts.order_by(drafts.c.id).limit(count)).scalars().all()
        connection.execute(update(drafts).where(drafts.c.id.in_(ids)).values(urgency="urgent"))
    assert len(ids) == count
    return list(ids)


def mailer_of(world: World, *channels: ScriptedChannel) -> ManagerMailer:
    sources = [UrgentSource(ROUTES, "https://desk.example")]
    return ManagerMailer(world.engine, world.clock, {channel.name: channel for channel in channels}, sources)


async def test_each_draft_is_reported_once_and_together(database: Engine) -> None:
    world, chat = world_of(database, "teams", "email"), ScriptedChannel(name="teams")
    assert await mailer_of(world, chat).send_due() == 0
    first = press(world, 2)
    assert await mailer_of(world, chat).send_due() == 1
    assert await mailer_of(world, chat).send_due() == 0
    (message,) = chat.sent
    assert message.subject == "2 urgent messages to decide on"
    assert {f"https://desk.example/drafts/{id}" for id in first} < {
        run.url for paragraph in message.chat for run in paragraph if run.url
    }
    (second,) = press(world, 1)
    world.clock.advance(seconds=10)
    assert await mailer_of(world, chat).send_due() == 0, "not two in a row"
    world.clock.advance(seconds=APART.total_seconds())
    assert await mailer_of(world, chat).send_due() == 1
    assert chat.sent[1].subject.startswith("Urgent: ")
    assert second in chat.sent[1].body
    assert first[0] not in chat.sent[1].body


async def test_the_message_names_the_client_and_the_deadline(database: Engine) -> None:
    world, mail = world_of(database, "email"), ScriptedChannel()
    (id,) = press(world, 1)
    await mailer_of(world, mail).send_due()
    (message,) = mail.sent
    assert world.line(id).subject in message.body
    assert "by 14:20 today." in message.body, "in Stockholm"
    assert f"https://desk.example/drafts/{id}" in message.body
    assert message.html is not None
    links = {urlsplit(part.split('"')[0]).path for part in message.html.split('href="')[1:]}
    assert links == {f"/drafts/{id}", "/"}


async def test_a_manager_who_wants_no_messages_gets_none(database: Engine) -> None:
    world, mail = world_of(database), ScriptedChannel()
    press(world, 2)
    assert await mailer_of(world, mail).send_due() == 0
    with reading(database) as connection:
        assert connection.execute(select(manager_messages.c.id)).first() is None


async def test_decided_and_expired_drafts_are_not_reported(database: Engine) -> None:
    world, mail = world_of(database, "email"), ScriptedChannel()
    decided, late = press(world, 2)
    with database.begin() as connection:
        connection.execute(update(drafts).where(drafts.c.id == decided).values(state="dismissed"))
        connection.execute(update(drafts).where(drafts.c.id == late).values(deadline_at=NOW))
    assert await mailer_of(world, mail).send_due() == 0


async def test_two_notifiers_report_once(database: Engine) -> None:
    world, mail = world_of(database, "email"), ScriptedChannel()
    press(world, 3)
    mailers = [mailer_of(world, mail) for _ in range(4)]
    assert sum(await asyncio.gather(*(mailer.send_due() for mailer in mailers))) == 1


async def test_many_drafts_are_counted_and_not_listed(database: Engine) -> None:
    world, mail = world_of(database, "email"), ScriptedChannel()
    (id,) = press(world, 1)
    with database.begin() as connection:
        row = dict(connection.execute(select(drafts).where(drafts.c.id == id)).mappings().one())
        connection.execute(drafts.insert(), [row | {"id": f"drf_copy_{n:03}"} for n in range(40)])
    await mailer_of(world, mail).send_due()
    (message,) = mail.sent
    assert message.body.count("/drafts/") == LISTED
    assert f"{41 - LISTED} more in the inbox" in message.body
