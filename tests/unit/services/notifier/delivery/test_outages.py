"""A mail outage is shown on every page with since when and how many wait, and goes away by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.common.db import reading
from services.notifier.delivery.channels.base import Outcome
from services.notifier.delivery.outages import outages
from services.notifier.scope import EVERYTHING, OwnClients
from tests.desk_data import NOW
from tests.desk_world import World
from tests.fakes import ScriptedChannel

DOWN = Outcome("retry", "The mail server is unavailable: connection refused.", service_down=True)
BUSY = Outcome("retry", "The mail server answered: 451 try later")


class Mail(ScriptedChannel):
    """Mail that can be asked whether it works."""

    probed = DOWN

    async def probe(self) -> Outcome:
        return self.probed


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


def approve(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version)


async def test_an_outage_is_shown_on_every_page_and_in_health_until_mail_answers(world: World) -> None:
    approve(world)
    mail = Mail(DOWN, Outcome("delivered", "ok"))
    worker = world.worker(mail)
    await worker.deliver_due()
    world.at(NOW + timedelta(seconds=40))
    browser = world.browser()
    for path in ("/", "/held", "/sent", "/clients", "/digest", "/expired"):
        page = browser.get(path).text
        assert "Email has been down since today 09:20 CET." in page
        assert "1 message waits" in page
    (outage,) = browser.get("/api/v1/health").json()["outages"]
    assert (outage["channel"], outage["waiting"]) == ("email", 1)
    assert await worker.probe_down() == 0
    mail.probed = Outcome("delivered", "It answers.")
    assert await worker.probe_down() == 1
    assert "has been down" not in browser.get("/").text
    await worker.deliver_due()  # without waiting for the next attempt of its schedule
    assert len(mail.sent) == 2
    assert browser.get("/api/v1/health").json()["outages"] == []


async def test_an_outage_begins_once_and_counts_only_what_the_viewer_may_see(world: World) -> None:
    approve(world)
    worker = world.worker(Mail(DOWN))
    await worker.deliver_due()
    world.at(NOW + timedelta(minutes=10))
    await worker.deliver_due()
    with reading(world.engine) as connection:
        (everything,) = outages(connection, EVERYTHING, world.clock.now())
        (of_june,) = outages(connection, OwnClients("june"), world.clock.now())
    assert (everything.since, everything.waiting, of_june.waiting) == (NOW, 1, 0)


async def test_one_recipients_busy_mailbox_is_no_outage(world: World) -> None:
    approve(world)
    await world.worker(Mail(BUSY)).deliver_due()
    with reading(world.engine) as connection:
        assert outages(connection, EVERYTHING, NOW) == []
