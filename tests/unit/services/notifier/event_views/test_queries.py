"""One event over several names, clients and managers: joined, counted, and shown within a scope."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, func, select

from schemas.alerts import Alert
from schemas.drafts import ContactDecided, DraftRefused
from schemas.event_views import AffectedClient, EventView
from services.common.db import reading
from services.common.processing import AnyEvent
from services.notifier.event_views.queries import EventFilter, event_lines, event_view
from services.notifier.event_views.store import is_empty, rebuild
from services.notifier.event_views.tables import draft_alerts, event_evidence, event_stories
from services.notifier.scope import EVERYTHING, OwnClients, Scope
from tests.desk_data import NOW, book_events
from tests.desk_world import World
from tests.event_world import DEAL, alert, created, draft, evidence, happened, raised
from tests.fakes import ScriptedChannel

BUYER, BOUGHT = "Estmere Group", "Corvane Pharma"
WIRE, PAPER, PARROT = (
    evidence("wire", hours=3),
    evidence("paper", hours=2),
    evidence("parrot", hours=1, origin="Wire", supports="copy"),
)
LATER = NOW + timedelta(minutes=10)
CLAIRE = alert("claire-arnaud", BOUGHT, WIRE, PAPER, story="itm_wire")
YUSUF = alert("yusuf", BUYER, PAPER, PARROT, story="itm_paper", at=LATER, information=3, verdict="hold")
JUNES = alert("brightwater", BUYER, PAPER, PARROT, story="itm_paper", at=LATER, information=3, verdict="ignore")
ALERTS = (CLAIRE, YUSUF, JUNES)


def world_of(database: Engine, *more: AnyEvent, alerts: Sequence[Alert] = ALERTS) -> World:
    return World.on(database, (*book_events(), *map(raised, alerts), *more))


def view_of(
    world: World, scope: Scope = EVERYTHING, some_id: str = "itm_wire", number: int = 1, size: int = 50
) -> EventView:
    with reading(world.engine) as connection:
        found = event_view(connection, scope, some_id, world.clock.now(), number=number, size=size)
    assert found is not None
    return found


def client_of(world: World, client_id: str) -> AffectedClient:
    (found,) = (client for client in view_of(world).affected if client.client_id == client_id)
    return found


def test_the_stories_of_two_names_are_one_event(database: Engine) -> None:
    view = view_of(world_of(database))
    assert (view.id, view.headline, view.kind) == ("itm_wire", DEAL, "takeover")
    assert (view.status, view.information_grade, view.reasons) == (
        "probable", 2, ("A reliable source states it as a fact.",),
    )  # fmt: skip
    assert view.entities == (BOUGHT, BUYER)
    assert (view.first_seen_at, view.last_seen_at) == (NOW, LATER)
    assert [(item.item_id, len(item.copies)) for item in view.evidence] == [("itm_wire", 1), ("itm_paper", 0)]
    assert (view.clients, view.verdicts) == (3, {"tell": 1, "hold": 1, "ignore": 1})
    assert [(client.client_id, client.verdict, client.state) for client in view.affected] == [
        ("claire-arnaud", "tell", "undecided"),
        ("brightwater", "ignore", "ignored"),
        ("yusuf", "hold", "held"),
    ]
    (interest,) = view.affected[0].interests
    assert (interest.entity_name, interest.stance) == (BOUGHT, "holds")
    assert (interest.reason, interest.relevance_reason) == (
        "It matters to claire-arnaud.", "claire-arnaud holds Corvane Pharma.",
    )  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True])
def test_stories_that_the_matcher_relates_are_shown_as_one_event(database: Engine, backwards: bool) -> None:
    first = alert(
        "claire-arnaud", BOUGHT, evidence("wire", title="Corvane's staff wait for the new owner"), story="itm_wire"
    )
    paper = evidence("paper", title="Estmere now owns it")
    second = alert("yusuf", BOUGHT, paper, story="itm_paper", at=LATER, related_stories=("itm_wire",))
    other = alert("brightwater", BOUGHT, evidence("else", title="A plant opens"), story="itm_else", kind="expansion")
    alerts = [first, second, other]
    view = view_of(world_of(database, alerts=alerts[::-1] if backwards else alerts))
    assert {story.story_id for story in view.stories} == {"itm_wire", "itm_paper"}


@pytest.mark.parametrize("some_id", ["itm_wire", "itm_paper", CLAIRE.id, YUSUF.id])
def test_an_event_is_found_by_any_of_its_ids(database: Engine, some_id: str) -> None:
    assert view_of(world_of(database), some_id=some_id).id == "itm_wire"


def test_a_manager_sees_own_clients_and_the_names_these_watch_on_the_same_evidence(database: Engine) -> None:
    world = world_of(database)
    for some_id in ("itm_wire", "itm_paper"):
        view = view_of(world, OwnClients("june"), some_id)
        assert [client.client_id for client in view.affected] == ["brightwater"]
        assert (view.clients, view.verdicts) == (1, {"ignore": 1})
        assert view.entities == (BUYER,)
        assert [story.entity_name for story in view.stories] == [BUYER]
        assert [item.item_id for item in view.evidence] == ["itm_wire", "itm_paper"]
        assert "claire" not in view.model_dump_json()
    with reading(world.engine) as connection:
        for scope, some_id in (
            (OwnClients("nobody"), "itm_wire"),
            (OwnClients("nobody"), CLAIRE.id),
            (OwnClients("june"), CLAIRE.id),
            (EVERYTHING, "itm_nothing"),
        ):
            assert event_view(connection, scope, some_id, NOW, number=1, size=5) is None


def test_events_are_listed_within_a_scope_and_by_filters(database: Engine) -> None:
    other = alert("brightwater", "Tillgate POS", evidence("flaw", title="A flaw in Tillgate POS"), story="itm_flaw",
                  kind="vulnerability", at=NOW - timedelta(days=2), verdict="warn", information=3)  # fmt: skip
    ad = alert("claire-arnaud", "Halden Energy", evidence("ad", title="Ten shares"), story="itm_ad", verdict="ignore",
               kind="advertisement")  # fmt: skip
    world = world_of(database, alerts=(*ALERTS, other, ad))

    def listed(wanted: EventFilter | None = None, scope: Scope = EVERYTHING) -> list[str]:
        with reading(world.engine) as connection:
            found = event_lines(connection, scope, wanted or EventFilter(), number=1, size=10)
        assert found.total == len(found.items)
        return [line.id for line in found.items]

    assert listed() == ["itm_wire", "itm_flaw"]
    assert listed(EventFilter(verdict="ignore")) == ["itm_wire", "itm_ad"]
    assert listed(EventFilter(verdict="warn")) == ["itm_flaw"]
    assert listed(EventFilter(since=NOW - timedelta(hours=1))) == ["itm_wire"]
    assert listed(EventFilter(entity="estmere group")) == listed(EventFilter(entity="estmere-group")) == ["itm_wire"]
    assert listed(EventFilter(client="claire-arnaud")) == ["itm_wire"]
    assert listed(EventFilter(client="wolfe")) == []
    assert listed(scope=OwnClients("june")) == ["itm_flaw"]
    assert listed(EventFilter(client="claire-arnaud"), OwnClients("june")) == []
    assert listed(scope=OwnClients("nobody")) == []
    with reading(world.engine) as connection:
        second = event_lines(connection, EVERYTHING, EventFilter(), number=2, size=1)
        beyond = event_lines(connection, EVERYTHING, EventFilter(), number=9, size=1)
        (junes,) = event_lines(connection, OwnClients("june"), EventFilter(verdict="ignore"), number=1, size=9).items
    assert (second.total, second.pages, [line.id for line in second.items]) == (2, 2, ["itm_flaw"])
    assert (beyond.number, [line.id for line in beyond.items]) == (2, ["itm_flaw"])
    assert (junes.clients, junes.entities) == (1, (BUYER,))


def test_clients_are_paged_with_true_counts_and_filtered_by_verdict(database: Engine) -> None:
    world = world_of(database)
    second = view_of(world, number=2, size=2)
    assert (second.clients, second.page, second.pages) == (3, 2, 2)
    assert [client.client_id for client in second.affected] == ["yusuf"]
    with reading(world.engine) as connection:
        held = event_view(connection, EVERYTHING, "itm_wire", NOW, number=1, size=2, verdict="hold")
    assert held is not None
    assert ([client.client_id for client in held.affected], held.clients, held.pages) == (["yusuf"], 3, 1)


def test_a_client_is_told_when_a_message_arrives(database: Engine) -> None:
    both = alert("claire-arnaud", BUYER, PAPER, story="itm_paper", at=LATER)
    message = draft(CLAIRE, both)
    world = world_of(database, created(message), alerts=(*ALERTS, both))
    claire = client_of(world, "claire-arnaud")
    assert (claire.state, claire.told_at, claire.expected_at) == ("open", None, message.send_after)
    assert {interest.entity_name for interest in claire.interests} == {BUYER, BOUGHT}
    assert claire.messages[0].alert_ids == tuple(sorted((CLAIRE.id, both.id)))
    world.at(message.deadline_at)
    assert client_of(world, "claire-arnaud").overdue
    world.at(NOW)
    world.desk("approve", message.id, 0, at_once=True)
    world.apply(world.publisher.events)
    claire = client_of(world, "claire-arnaud")
    assert (claire.state, claire.messages[0].channel, claire.overdue) == ("approved", "email", False)
    assert claire.expected_at == NOW
    assert asyncio.run(world.worker(ScriptedChannel()).deliver_due()) == 1
    world.apply(world.publisher.events)
    claire = client_of(world, "claire-arnaud")
    assert (claire.state, claire.told_at, claire.expected_at) == ("told", NOW, None)


def test_a_later_correction_waits_beside_what_was_told(database: Engine) -> None:
    first, denial = draft(CLAIRE), evidence("corvane", hours=0, status="denied", supports="denies")
    wrong = alert("claire-arnaud", BOUGHT, denial, WIRE, story="itm_wire", verdict="correct", information=5, at=LATER)
    correction = draft(wrong, at=LATER)
    world = world_of(database, created(first))
    world.desk("mark_sent", first.id, 0)
    world.apply([*world.publisher.events, raised(wrong), created(correction)])
    claire = client_of(world, "claire-arnaud")
    assert [message.state for message in claire.messages] == ["sent", "open"]
    assert (claire.verdict, claire.state) == ("correct", "open")
    assert (claire.told_at, claire.expected_at) == (NOW, correction.send_after)
    view = view_of(world)
    assert view.status == "false"
    assert [(item.position, item.is_first) for item in view.evidence if item.item_id == "itm_corvane"] == [
        ("denies", False)
    ]


@pytest.mark.parametrize(
    ("response", "state"),
    [
        (DraftRefused(alert_id=CLAIRE.id, client_id="claire-arnaud", story_id="itm_wire", reason="do_not_contact",
                      detail="The client is on leave."), "not_told"),
        (ContactDecided(client_id="claire-arnaud", what="waits", reason="deal", detail="The client is on leave.",
                        alert_id=CLAIRE.id, until=LATER), "postponed"),
        (ContactDecided(client_id="claire-arnaud", what="merged", reason="same_event",
                        detail="The client is on leave.", alert_id=CLAIRE.id, draft_id="drf_1"), "covered"),
        (ContactDecided(client_id="claire-arnaud", what="merged", reason="same_event",
                        detail="The client is on leave.", alert_id=CLAIRE.id), "also_noticed"),
        (ContactDecided(client_id="claire-arnaud", what="dropped", reason="weekly_budget",
                        detail="The client is on leave.", alert_id=CLAIRE.id), "also_noticed"),
        (ContactDecided(client_id="claire-arnaud", what="dropped", reason="too_late",
                        detail="The client is on leave.", alert_id=CLAIRE.id), "not_told"),
    ],
)  # fmt: skip
def test_without_a_draft_the_decision_on_the_alert_says_why(
    database: Engine, response: DraftRefused | ContactDecided, state: str
) -> None:
    claire = client_of(world_of(database, happened(response, "claire-arnaud")), "claire-arnaud")
    assert (claire.state, claire.state_reason) == (state, "The client is on leave.")
    assert claire.expected_at == getattr(response, "until", None)


def test_a_dismissed_draft_shows_its_reason(database: Engine) -> None:
    message = draft(CLAIRE)
    world = world_of(database, created(message))
    world.desk("dismiss", message.id, 0, "too_late", "It is Friday.")
    claire = client_of(world, "claire-arnaud")
    assert (claire.state, claire.state_reason) == ("dismissed", "too_late: It is Friday.")


def test_a_draft_that_gives_way_to_better_news_is_also_noticed(database: Engine) -> None:
    message, winner = draft(CLAIRE), draft(alert("claire-arnaud", "Halden Energy", evidence("cut"), story="itm_cut"))
    winner = winner.model_copy(update={"supersedes": message.id})
    outranked = ContactDecided(client_id="claire-arnaud", what="dropped", reason="outranked", alert_id=CLAIRE.id,
                               detail="More valuable news took its place.", draft_id=message.id)  # fmt: skip
    world = world_of(database, created(message), created(winner))
    assert client_of(world, "claire-arnaud").state == "withdrawn"
    world.apply([happened(outranked, "claire-arnaud")])
    claire = client_of(world, "claire-arnaud")
    assert (claire.state, claire.state_reason) == ("also_noticed", "More valuable news took its place.")
    assert (claire.told_at, claire.expected_at) == (None, None)


def test_newer_evidence_can_part_what_seemed_one_event(database: Engine) -> None:
    world = world_of(database)
    later = [evidence(name, title="Estmere Group opens a plant in Oslo") for name in ("oslo", "plant", "opening")]
    world.apply([raised(alert("yusuf", BUYER, PAPER, *later, story="itm_paper", kind="expansion",
                              at=LATER + timedelta(hours=1)))])  # fmt: skip
    assert view_of(world).entities == (BOUGHT,)
    assert view_of(world, some_id="itm_paper").entities == (BUYER,)


def rows(world: World) -> tuple[list[tuple[str, ...]], ...]:
    with reading(world.engine) as connection:
        return tuple(
            sorted(tuple(map(str, row)) for row in connection.execute(select(table)))
            for table in (event_stories, event_evidence, draft_alerts)
        )


def test_more_clients_write_nothing_more(database: Engine) -> None:
    world = world_of(database, alerts=(CLAIRE,))
    before = rows(world)
    world.apply([raised(alert(f"client-{number}", BOUGHT, WIRE, PAPER, story="itm_wire")) for number in range(5)])
    assert rows(world) == before
    assert view_of(world).clients == 6


def test_the_tables_can_be_rebuilt_from_alerts_and_drafts(database: Engine) -> None:
    world = world_of(database, created(draft(CLAIRE)))
    before = rows(world)
    assert all(before)
    with world.engine.begin() as connection:
        assert not is_empty(connection)
        for table in (event_stories, event_evidence, draft_alerts):
            connection.execute(delete(table))
        assert is_empty(connection)
        rebuild(connection)
        rebuild(connection)
    assert rows(world) == before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(order=st.permutations(range(4)))
def test_the_order_in_which_alerts_arrive_does_not_matter(database: Engine, order: list[int]) -> None:
    newer = alert("claire-arnaud", BOUGHT, WIRE, PAPER, PARROT, story="itm_wire", information=1, at=LATER)
    found = (*ALERTS, newer)
    with database.begin() as connection:
        for table in (event_stories, event_evidence):
            connection.execute(delete(table))
    world = World(database, None, None, None)  # type: ignore[arg-type]
    world.apply([raised(found[index]) for index in order])
    with reading(database) as connection:
        query = select(event_stories.c.story_id, event_stories.c.event_id, event_stories.c.information_grade)
        stories = connection.execute(query.order_by(event_stories.c.story_id)).all()
        assert connection.scalar(select(func.count()).select_from(event_evidence)) == 5
    assert [tuple(row) for row in stories] == [("itm_paper", "itm_wire", 3), ("itm_wire", "itm_wire", 1)]
