"""Digests are sent once a day at the manager's hour, by the channel they chose; late after downtime, never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, RowMapping, select, update

from schemas.base import content_id, event
from schemas.clients import ClientChanged, DigestPreferences, Manager
from services.common.db import reading
from services.notifier.delivery.channels.base import Outcome
from services.notifier.delivery.routes import ManagerRoutes, by_manager, manager_mail
from services.notifier.digest.manager_mailer import ManagerMailer
from services.notifier.digest.manager_outbox import SCHEDULE
from services.notifier.digest.preferences import ChosenPreferences, save_preferences
from services.notifier.digest.schedule import DigestSource
from services.notifier.digest.tables import manager_messages
from tests.desk_data import FIRM, MANAGERS, NOW, clients
from tests.desk_world import World
from tests.fakes import ScriptedChannel

#: Half past seven in Stockholm on the sample's Thursday.
HOUR = datetime(2026, 3, 5, 6, 30, tzinfo=UTC)
ROUTES: ManagerRoutes = {"email": manager_mail, "slack": by_manager({"manager:mara"}), "teams": by_manager(set())}


def world_of(engine: Engine, wish: DigestPreferences | None, *, empty: bool = False, **more: object) -> World:
    world = World.on(engine, [] if empty else None)
    book(world, MANAGERS["mara"].model_copy(update={"digest": wish, **more}))
    return world


def book(world: World, manager: Manager) -> None:
    client = clients()[0]
    changed = ClientChanged(client=client, firm=FIRM, manager=manager, revision=9)
    world.apply(
        [event(changed, key=client.id, id=content_id("evt", "9"), source="test", time=NOW + timedelta(seconds=1))]
    )


def rows(world: World) -> Sequence[RowMapping]:
    with reading(world.engine) as connection:
        return connection.execute(select(manager_messages).order_by(manager_messages.c.about)).mappings().all()


def mailer_of(world: World, *channels: ScriptedChannel) -> ManagerMailer:
    by_name = {channel.name: channel for channel in channels}
    return ManagerMailer(world.engine, world.clock, by_name, [DigestSource(ROUTES, "https://desk.example")])


async def test_one_digest_is_sent_each_day_at_the_hour(database: Engine) -> None:
    world, channel = world_of(database, DigestPreferences()), ScriptedChannel()
    world.at(HOUR - timedelta(minutes=1))
    assert await mailer_of(world, channel).send_due() == 0
    world.at(HOUR)
    assert await mailer_of(world, channel).send_due() == 1
    world.at(HOUR + timedelta(hours=9))
    assert await mailer_of(world, channel).send_due() == 0
    (mail,) = channel.sent
    assert mail.recipient == "mara@harbour-vane.example"
    assert mail.subject.startswith("Thursday 5 March: ")
    assert "Claire Arnaud" in mail.body
    assert "Claire Arnaud" in (mail.html or "")
    assert "Nadia Brightwater" not in mail.body, "another manager's client"
    world.at(HOUR + timedelta(days=1))
    assert await mailer_of(world, channel).send_due() == 1


async def test_a_chat_shows_the_same_digest_with_links(database: Engine) -> None:
    world, chat = world_of(database, DigestPreferences(by=("slack", "email"))), ScriptedChannel(name="slack")
    world.at(HOUR)
    assert await mailer_of(world, chat, mail := ScriptedChannel()).send_due() == 1
    assert mail.sent == []
    (message,) = chat.sent
    assert message.recipient == "manager:mara"
    runs = [run for paragraph in message.chat for run in paragraph]
    words = "".join(run.text for run in runs)
    assert "Claire Arnaud" in words
    assert "Nadia Brightwater" not in words
    links = [run.url for run in runs if run.url]
    assert all(url in message.body for url in links)
    assert links[-1] == "https://desk.example/digest"
    assert sum("/drafts/" in url for url in links) == message.body.count("/drafts/")


async def test_a_choice_at_the_desk_overrides_the_book(database: Engine) -> None:
    world, chat = world_of(database, None), ScriptedChannel(name="slack")
    manager = MANAGERS["mara"]
    with database.begin() as connection:
        save_preferences(
            connection, manager, ChosenPreferences(digest_by=("slack",), digest_hour=time(18, 0)), ROUTES, HOUR
        )
    world.at(HOUR)
    assert await mailer_of(world, chat).send_due() == 0, "yesterday's was not wanted yet"
    world.at(datetime(2026, 3, 5, 17, tzinfo=UTC))
    assert await mailer_of(world, chat).send_due() == 1
    with database.begin() as connection:
        save_preferences(connection, manager, ChosenPreferences(digest_by=()), ROUTES, NOW)
    world.at(datetime(2026, 3, 6, 17, tzinfo=UTC))
    assert await mailer_of(world, chat).send_due() == 0
    with database.begin() as connection:
        save_preferences(connection, manager, ChosenPreferences(), ROUTES, NOW)
        assert connection.execute(select(manager_messages.c.id)).scalars().all()
    assert await mailer_of(world, chat).send_due() == 0, "the book wants none"


@pytest.mark.parametrize(
    ("first", "attempts"), [(Outcome("rejected", "no such hook"), 1), (Outcome("retry", "busy"), SCHEDULE.attempts)]
)
async def test_a_message_that_failed_goes_by_the_next_channel(database: Engine, first: Outcome, attempts: int) -> None:
    world = world_of(database, DigestPreferences(by=("slack", "teams", "email")))
    chat, mail = ScriptedChannel(first, name="slack"), ScriptedChannel()
    world.at(HOUR)
    for _ in range(1 + SCHEDULE.attempts):
        await mailer_of(world, chat, mail).send_due()
        world.clock.advance(hours=2)
    assert len(chat.sent) == attempts
    assert [message.recipient for message in mail.sent] == ["mara@harbour-vane.example"], "teams has no address of hers"
    assert {message.delivery_id for message in chat.sent} == {message.delivery_id for message in mail.sent}
    assert [(row["status"], row["channel"]) for row in rows(world)] == [("sent", "email")]


async def test_a_message_that_may_have_arrived_goes_by_no_other_channel(database: Engine) -> None:
    world = world_of(database, DigestPreferences(by=("slack", "email")))
    chat, mail = ScriptedChannel(Outcome("unknown", "no answer"), name="slack"), ScriptedChannel()
    world.at(HOUR)
    for _ in range(3):
        await mailer_of(world, chat, mail).send_due()
        world.clock.advance(hours=3)
    assert (len(chat.sent), len(mail.sent)) == (1, 0)
    assert [(row["status"], row["last_error"]) for row in rows(world)] == [("unknown", "no answer")]


async def test_after_downtime_a_digest_comes_late_and_says_so(database: Engine) -> None:
    world = world_of(database, DigestPreferences(by=("slack",)))
    world.at(HOUR + timedelta(days=1, hours=4))
    chat = ScriptedChannel(name="slack")
    assert await mailer_of(world, chat).send_due() == 1
    (message,) = chat.sent
    assert "Friday 6 March (late)" in message.subject
    assert "late because Firstword was not running" in message.body
    assert "late because Firstword was not running" in message.chat[0][0].text


async def test_an_evening_digest_comes_late_after_midnight(database: Engine) -> None:
    world, channel = world_of(database, DigestPreferences(hour=time(22), days=(4,))), ScriptedChannel()
    world.at(datetime(2026, 3, 7, 7, tzinfo=UTC))  # Saturday, eight in the morning
    assert await mailer_of(world, channel).send_due() == 1
    assert "(late)" in channel.sent[0].subject
    assert [row["about"] for row in rows(world)] == ["2026-03-06"]
    world.at(datetime(2026, 3, 7, 20, tzinfo=UTC))
    assert await mailer_of(world, channel).send_due() == 0


async def test_two_notifiers_send_a_digest_once(database: Engine) -> None:
    world, channel = world_of(database, DigestPreferences()), ScriptedChannel()
    world.at(HOUR)
    mailers = [mailer_of(world, channel) for _ in range(4)]
    assert sum(await asyncio.gather(*(mailer.send_due() for mailer in mailers))) == 1
    assert len(channel.sent) == 1


@pytest.mark.parametrize(
    ("hour", "day", "at"),
    [
        (time(2, 30), datetime(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # noqa: DTZ001 - a day
        (time(2, 30), datetime(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # noqa: DTZ001 - a day
        (time(7, 30), datetime(2026, 3, 29), datetime(2026, 3, 29, 5, 30, tzinfo=UTC)),  # noqa: DTZ001 - a day
    ],
    ids=["an hour that there isn't", "an hour that comes twice", "after the change"],
)
async def test_one_digest_is_sent_when_clocks_change(database: Engine, hour: time, day: datetime, at: datetime) -> None:
    world, channel = world_of(database, DigestPreferences(hour=hour, days=(6,))), ScriptedChannel()
    world.at(day.replace(tzinfo=UTC) - timedelta(hours=1))
    sent = []
    while world.clock.now() < day.replace(tzinfo=UTC) + timedelta(hours=26):
        if await mailer_of(world, channel).send_due():
            sent.append(world.clock.now())
        world.clock.advance(minutes=30)
    assert sent == [at]
    assert "(late)" not in channel.sent[0].subject


async def test_an_empty_digest_is_sent_or_not_as_preferred(database: Engine) -> None:
    world, channel = world_of(database, DigestPreferences(), empty=True), ScriptedChannel()
    world.at(HOUR)
    assert await mailer_of(world, channel).send_due() == 1
    book(world, MANAGERS["mara"].model_copy(update={"digest": DigestPreferences(empty="nothing")}))
    world.at(HOUR + timedelta(days=1))
    assert await mailer_of(world, channel).send_due() == 0
    assert [row["status"] for row in rows(world)] == ["sent", "empty"]


async def test_an_attempt_that_was_cut_off_is_not_repeated(database: Engine) -> None:
    world, channel = world_of(database, DigestPreferences()), ScriptedChannel()
    world.at(HOUR)
    await mailer_of(world, channel).send_due()
    with world.engine.begin() as connection:
        connection.execute(update(manager_messages).values(status="sending", next_attempt_at=HOUR))
    world.at(HOUR + timedelta(hours=1))
    assert await mailer_of(world, channel).send_due() == 0
    assert rows(world)[0]["status"] == "unknown"
    assert len(channel.sent) == 1


async def test_a_manager_without_an_address_leaves_the_reason_in_the_row(database: Engine) -> None:
    world, channel = world_of(database, DigestPreferences(by=("email", "teams")), email=None), ScriptedChannel()
    world.at(HOUR)
    assert await mailer_of(world, channel).send_due() == 0
    said = "The client book has no mail address for Mara Lindqvist. No Teams address is set for Mara Lindqvist."
    assert rows(world)[0]["last_error"] == said
