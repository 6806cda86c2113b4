from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, select, update

from schemas.alerts import AlertRaised
from schemas.base import event
from schemas.clients import ClientChanged, ClientRemoved
from schemas.drafts import DraftCreated, DraftDismissed, DraftRefused
from schemas.interactions import ClientTuned
from schemas.mentions import RumorOutcome, RumorResolved
from schemas.topics import decode, encode
from services.common.db import reading
from services.common.processing import AnyEvent
from services.notifier import queries
from services.notifier.scope import EVERYTHING
from services.notifier.sinks import DraftSink
from services.notifier.tables import alerts, clients, drafts, early_decisions, interactions, outcomes, refusals, tunings
from services.notifier.triage.marks import give, mark_of, put_aside
from tests.desk_data import FIRM, MANAGERS, NOW, STORIES, alert_of, seed_events
from tests.desk_data import clients as people
from tests.desk_world import World

TABLES = (clients, alerts, drafts, refusals, interactions)


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def contents(world: World, tables: tuple[Table, ...] = TABLES) -> list[list[tuple[object, ...]]]:
    with reading(world.engine) as connection:
        return [[tuple(row) for row in connection.execute(select(table).order_by(table.c.id))] for table in tables]


def test_events_that_arrive_again_change_nothing(world: World) -> None:
    before = contents(world)
    assert all(before[index] for index in range(4))
    world.apply(list(seed_events()))
    assert contents(world) == before


@pytest.mark.parametrize("act", ["approve", "dismiss", "mark_sent", "edit"])
def test_the_desks_own_events_change_nothing_more(world: World, act: str) -> None:
    line = world.draft("claire-arnaud", "warn")
    more = {"dismiss": ("too_late", "a comment"), "edit": ("Another subject", "Another text")}.get(act, ())
    world.desk(act, line.id, 0, *more)
    before = contents(world, (drafts,))
    world.apply(world.publisher.events)
    world.apply(list(seed_events()))
    assert contents(world, (drafts,)) == before


def test_the_tables_can_be_rebuilt_from_the_events(world: World, tmp_path: Path) -> None:
    edited, sent = world.draft("claire-arnaud", "warn"), world.draft("claire-arnaud", "correct")
    dismissed = world.draft("yusuf")
    world.desk("edit", edited.id, 0, "Another subject", "Another text")
    world.desk("mark_sent", sent.id, 0)
    world.desk("dismiss", dismissed.id, 0, "already_told", "He rang")
    (tmp_path / "anew").mkdir()
    anew = World.make(tmp_path / "anew", [*seed_events(), *world.publisher.events])
    for draft_id in (edited.id, sent.id, dismissed.id):
        first, second = world.line(draft_id), anew.line(draft_id)
        assert (first.state, first.subject, first.body) == (second.state, second.subject, second.body)
        assert first.outcome == second.outcome


def test_the_newest_alert_of_a_story_is_current_in_any_order_of_arrival(world: World) -> None:
    held = alert_of(next(story for story in STORIES if story.verdict == "hold"), people()[0])
    told = held.model_copy(update={"id": "alr_told", "verdict": "tell", "raised_at": NOW})
    raised: list[AnyEvent] = [
        event(AlertRaised(alert=alert), key=alert.client_id, id=f"evt_{alert.id}", source="test", time=NOW)
        for alert in (held, told)
    ]
    world.apply(raised[::-1])
    world.apply(raised[:1])
    with reading(world.engine) as connection:
        shown = queries.held(connection, EVERYTHING, number=1, size=10)
        assert held.id not in {alert.id for alert, _ in shown.items}
        assert [alert.id for alert in queries.story(connection, EVERYTHING, held.client_id, held.story_id)] == [
            held.id,
            "alr_told",
        ]


def test_an_older_state_of_a_client_changes_nothing(world: World) -> None:
    claire = people()[0].model_copy(update={"name": "An old name"})
    old = ClientChanged(client=claire, firm=FIRM, manager=MANAGERS["mara"], revision=0)
    world.apply([event(old, key=claire.id, id="evt_old", source="test", time=NOW)])
    with reading(world.engine) as connection:
        book = queries.client(connection, EVERYTHING, claire.id)
    assert book is not None
    assert book.client.name == "Claire Arnaud"


def test_drafts_for_a_removed_client_are_withdrawn(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, 0)
    removed = ClientRemoved(client_id="claire-arnaud", revision=2)
    world.apply([event(removed, key="claire-arnaud", id="evt_gone", source="test", time=NOW)])
    assert world.line(line.id).state == "withdrawn"
    with reading(world.engine) as connection:
        ((delivery, _),) = queries.deliveries_of(connection, EVERYTHING, line.id)
        assert queries.client(connection, EVERYTHING, "claire-arnaud") is None
    assert delivery["status"] == "failed"


def test_a_draft_is_withdrawn_when_its_news_turns_out_false(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("approve", line.id, 0)
    refused = DraftRefused(
        alert_id="alr_correct",
        client_id="claire-arnaud",
        story_id=line.draft.story_id,
        reason="withdrawn",
        detail="It was denied.",
        withdraws=(line.id,),
    )
    world.apply([event(refused, key="claire-arnaud", id="evt_false", source="test", time=NOW)])
    assert world.line(line.id).state == "withdrawn"
    with reading(world.engine) as connection:
        ((delivery, _),) = queries.deliveries_of(connection, EVERYTHING, line.id)
    assert delivery["status"] == "failed"


def test_a_newer_draft_replaces_one_that_was_not_sent(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    newer = line.draft.model_copy(update={"id": "drf_newer", "supersedes": line.id})
    world.apply([event(DraftCreated(draft=newer), key="claire-arnaud", id="evt_newer", source="test", time=NOW)])
    assert world.line(line.id).state == "withdrawn"
    assert world.line("drf_newer").state == "open"


def test_a_newer_draft_is_with_the_colleague_who_had_the_one_it_replaces(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    with world.engine.begin() as connection:
        give(connection, line.id, "manager-june", "Please look", "manager-mara", NOW, asked=False)
        put_aside(connection, line.id, NOW + timedelta(hours=1), "manager-june", NOW)
    newer = line.draft.model_copy(update={"id": "drf_newer", "supersedes": line.id})
    world.apply([event(DraftCreated(draft=newer), key="claire-arnaud", id="evt_newer", source="test", time=NOW)])
    with reading(world.engine) as connection:
        mark = mark_of(connection, "drf_newer")
    assert mark is not None
    assert (mark["assigned_to"], mark["note"], mark["snoozed_until"]) == ("manager-june", "Please look", None)


def test_a_decision_that_arrives_before_its_draft_waits_for_it(world: World, tmp_path: Path) -> None:
    edited, sent, dismissed = world.draft("claire-arnaud", "warn"), world.draft("yusuf"), world.draft("wolfe", "warn")
    world.desk("edit", edited.id, 0, "Another subject", "Another text")
    world.desk("edit", edited.id, 1, "A third subject", "A third text")
    world.desk("mark_sent", sent.id, 0)
    world.desk("dismiss", dismissed.id, 0, "already_told", "He rang")
    (tmp_path / "anew").mkdir()
    anew = World.make(tmp_path / "anew", [*world.publisher.events, *seed_events()])
    for draft_id in (edited.id, sent.id, dismissed.id):
        first, second = world.line(draft_id), anew.line(draft_id)
        assert (first.state, first.subject, first.body, first.outcome) == (
            second.state, second.subject, second.body, second.outcome,
        )  # fmt: skip
    with reading(anew.engine) as connection:
        assert connection.execute(select(early_decisions)).all() == []


def test_a_decision_on_the_former_topic_is_still_read(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    dismissed = DraftDismissed(
        draft_id=line.id, alert_id=line.draft.alert_id, client_id=line.client_id, reason="other", by="mara"
    )
    old = event(dismissed, key=line.client_id, id="evt_old", source="test", time=NOW)
    read = decode("drafts", encode(old))
    assert {"drafts", "decisions"} <= set(DraftSink.inputs)
    with world.engine.begin() as connection:
        DraftSink().apply(connection, read)
    assert world.line(line.id).state == "dismissed"


def test_the_latest_end_of_a_rumor_counts_in_any_order_of_arrival(world: World) -> None:
    def resolved(outcome: RumorOutcome, day: int) -> AnyEvent:
        data = RumorResolved(
            domain="post.example",
            publisher="The Post",
            story_id="sty_1",
            entity_id="halden",
            headline="Halden Energy said to weigh a sale",
            outcome=outcome,
            at=NOW + timedelta(days=day),
        )
        return event(data, key="post.example:sty_1:halden", id=f"evt_{outcome}", source="test", time=data.at)

    world.apply([resolved("confirmed", 2), resolved("denied", 1), resolved("confirmed", 2)])
    with reading(world.engine) as connection:
        ((found,),) = connection.execute(select(outcomes.c.payload)).all()
    assert RumorResolved.model_validate(found) == resolved("confirmed", 2).data
    world.apply([resolved("fizzled", 3)])
    with reading(world.engine) as connection:
        assert [row.payload["outcome"] for row in connection.execute(select(outcomes))] == ["fizzled"]


def test_a_late_event_does_not_undo_the_effect_of_feedback(world: World) -> None:
    def tuned(shift: float, minute: int) -> AnyEvent:
        data = ClientTuned(client_id="claire-arnaud", shift=shift)
        at = NOW + timedelta(minutes=minute)
        return event(data, key="claire-arnaud", id=f"evt_tuned_{minute}", source="test", time=at)

    world.apply([tuned(0.1, 1), tuned(0.2, 2), tuned(0.1, 1)])
    with reading(world.engine) as connection:
        ((found,),) = connection.execute(select(tunings.c.payload)).all()
    assert ClientTuned.model_validate(found).shift == 0.2


def test_after_a_move_no_alert_is_listed_twice(world: World) -> None:
    told = alert_of(STORIES[0], people()[0])
    repeated = told.model_copy(update={"id": "alr_again", "story_id": "sty_again"})
    later = told.model_copy(update={"id": "alr_later", "raised_at": told.raised_at + timedelta(microseconds=1)})

    def listed() -> set[str]:
        with reading(world.engine) as connection:
            return set(connection.execute(select(alerts.c.id).where(alerts.c.client_id == told.client_id)).scalars())

    before = listed()
    assert told.id in before
    with world.engine.begin() as connection:
        connection.execute(update(clients).values(heard_until=told.raised_at))
    raised: list[AnyEvent] = [
        event(AlertRaised(alert=alert), key=alert.client_id, id=f"evt_{alert.id}", source="test", time=NOW)
        for alert in (repeated, told, later)
    ]
    world.apply(raised)
    assert listed() == before | {"alr_later"}


def test_a_client_without_quiet_hours_is_stored_without_them(world: World) -> None:
    claire = people()[0]
    contact = claire.contact.model_copy(update={"quiet_from": None, "quiet_until": None})
    free = claire.model_copy(update={"contact": contact})
    changed = ClientChanged(client=free, firm=FIRM, manager=MANAGERS["mara"], revision=7)
    world.apply([event(changed, key=free.id, id="evt_free", source="test", time=NOW)])
    with reading(world.engine) as connection:
        stored = queries.client(connection, EVERYTHING, free.id)
    assert stored == changed
