"""Every decision can be undone: an approval while it is held, a dismissal until the deadline, a mark as sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from schemas.alerts import AlertRaised
from schemas.base import event
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier.desk.actions.undo import undoable
from services.notifier.desk.errors import Conflict
from services.notifier.expiry import DraftExpirer
from services.notifier.tables import alerts, deliveries, drafts, interactions
from tests.desk_data import NOW
from tests.desk_world import OWNER, World
from tests.fakes import ScriptedChannel

UNDO = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.parametrize(
    ("act", "more", "state"),
    [("approve", (), "approved"), ("dismiss", ("not_useful",), "dismissed"), ("mark_sent", (), "sent")],
)
async def test_each_decision_can_be_undone_and_leaves_no_trace_at_the_client(
    world: World, act: str, more: tuple[str, ...], state: str
) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk(act, line.id, line.version, *more, undo=UNDO)
    assert world.line(line.id).state == state
    world.at(NOW + UNDO - SECOND)
    with reading(world.engine) as connection:
        (offered,) = undoable(connection, OWNER, world.clock.now(), UNDO)
    assert (offered.draft_id, offered.until) == (line.id, NOW + UNDO)
    world.desk("undo", line.id, offered.version)
    assert world.line(line.id).state == "open"
    channel = ScriptedChannel()
    world.at(NOW + timedelta(hours=1))
    await world.worker(channel).deliver_due()
    assert channel.sent == []
    assert not {"draft.sent", "interaction.logged"} & set(world.types())
    world.apply(world.publisher.events)  # the events come later than the undoing, and change nothing
    assert world.line(line.id).state == "open"
    with reading(world.engine) as connection:
        assert undoable(connection, OWNER, world.clock.now(), UNDO) == ()


async def test_an_approved_message_is_held_for_as_long_as_it_can_be_undone(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, line.version, undo=UNDO)
    channel = ScriptedChannel()
    world.at(NOW + UNDO - SECOND)
    await world.worker(channel).deliver_due()
    assert channel.sent == []
    world.at(NOW + UNDO)
    await world.worker(channel).deliver_due()
    assert len(channel.sent) == 1
    with pytest.raises(Conflict, match="too late"):
        world.desk("undo", line.id, world.line(line.id).version)


async def test_a_message_sent_by_hand_counts_once_it_cannot_be_undone(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("mark_sent", line.id, line.version, undo=UNDO)
    world.at(NOW + UNDO)
    channel = ScriptedChannel()
    await world.worker(channel).deliver_due()
    await world.worker(channel).deliver_due()
    assert channel.sent == []
    assert world.types().count("draft.sent") == 1
    world.apply(world.publisher.events)
    with reading(world.engine) as connection:
        assert len(connection.execute(select(interactions)).all()) == 1
        assert connection.execute(select(deliveries.c.status)).scalar_one() == "delivered"
    assert world.line(line.id).state == "sent"


@pytest.mark.parametrize("decision", ["approve", "mark_sent"])
async def test_a_decision_that_was_made_before_a_crash_takes_effect_once_after_it(world: World, decision: str) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk(decision, line.id, line.version, undo=UNDO)
    world.engine.dispose()  # the process is killed while the decision is held; another one starts on the same file
    world.at(NOW + timedelta(minutes=5))
    channel = ScriptedChannel()
    worker = world.worker(channel)
    worker.recover(timedelta(0))
    await worker.deliver_due()
    await worker.deliver_due()
    assert len(channel.sent) == (decision == "approve")
    assert world.types().count("draft.sent") == 1


def test_a_dismissed_draft_can_be_put_back_until_its_deadline(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("dismiss", line.id, line.version, "other")
    world.at(line.deadline_at - SECOND)
    world.desk("reopen", line.id, world.line(line.id).version)
    again = world.line(line.id)
    assert (again.state, again.deadline_at, again.outcome) == ("open", line.deadline_at, None)
    world.desk("dismiss", line.id, again.version, "other")
    assert world.types().count("draft.dismissed") == 2
    assert len({event.id for event in world.publisher.events}) == len(world.publisher.events)


def test_an_expired_draft_is_reopened_for_a_day_with_a_reason(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.at(line.deadline_at)
    DraftExpirer(world.engine, world.publisher, world.clock).expire_due()
    version = world.line(line.id).version
    with pytest.raises(BadInput, match="needs a reason"):
        world.desk("reopen", line.id, version, "  ")
    world.desk("reopen", line.id, version, "She was traveling")
    again = world.line(line.id)
    assert (again.state, again.deadline_at) == ("open", line.deadline_at + timedelta(days=1))


def test_news_that_turned_out_false_does_not_come_back(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    assert line.alert is not None
    world.desk("dismiss", line.id, line.version, "other")
    false = line.alert.model_copy(
        update={"id": "alr_false", "information_grade": 5, "raised_at": NOW + timedelta(minutes=1)}
    )
    world.apply([event(AlertRaised(alert=false), key=line.client_id, id="evt_false", source="test", time=NOW)])
    with pytest.raises(Conflict, match="false"):
        world.desk("reopen", line.id, world.line(line.id).version)


def test_the_pages_offer_to_undo_and_do_it(world: World) -> None:
    browser, line = world.browser(), world.draft("claire-arnaud", "warn")
    page = browser.get(f"/drafts/{line.id}").text
    assert ">Approve and send</button>" in page
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "version": "0"}
    assert browser.post(f"/drafts/{line.id}/approve", data=form).headers["location"].endswith("?note=approved")
    inbox = browser.get("/").text
    assert f'action="/drafts/{line.id}/undo"' in inbox
    assert "Leaves at once" in inbox
    assert browser.post(f"/drafts/{line.id}/undo", data={**form, "version": "1"}).status_code == 303
    assert world.line(line.id).state == "open"
    assert f'action="/drafts/{line.id}/undo"' not in browser.get("/").text


def test_the_pages_list_expired_drafts_and_reopen_them(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    with world.engine.begin() as connection:
        connection.execute(update(drafts).where(drafts.c.id == line.id).values(deadline_at=NOW))
        assert connection.execute(select(alerts.c.id)).first() is not None
    DraftExpirer(world.engine, world.publisher, world.clock).expire_due()
    browser = world.browser()
    assert f"/drafts/{line.id}" not in browser.get("/").text
    page = browser.get("/expired").text
    assert line.subject in page
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "version": "1", "reason": "She was traveling"}
    assert browser.post(f"/drafts/{line.id}/reopen", data=form).status_code == 303
    assert world.line(line.id).state == "open"
