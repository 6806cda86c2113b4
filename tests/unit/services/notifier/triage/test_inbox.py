from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select

from services.common.db import reading, upsert
from services.notifier import queries
from services.notifier.scope import EVERYTHING, OwnClients, Scope
from services.notifier.tables import draft_marks, drafts
from services.notifier.triage.inbox import LISTED, Inbox, kinds_to_decide, read_inbox
from services.notifier.triage.view import InboxView
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(database: Engine) -> World:
    return World.on(database)


def shown(world: World, scope: Scope = EVERYTHING, user_id: str = "owner", **view: str) -> Inbox:
    with reading(world.engine) as connection:
        return read_inbox(connection, scope, user_id, InboxView(**view), world.clock.now(), number=1, size=50)


def ids(inbox: Inbox) -> set[str]:
    return {draft["id"] for group in inbox.page.items for draft in group.drafts}


def mark(world: World, draft_id: str, **values: object) -> None:
    row = {"draft_id": draft_id, "asked": False, "by": "owner", "changed_at": NOW, **values}
    with world.engine.begin() as connection:
        upsert(connection, draft_marks, [row], ["draft_id"])


def test_one_row_stands_for_all_drafts_of_a_story(world: World) -> None:
    one_by_one, by_story = shown(world, group="flat"), shown(world)
    assert one_by_one.page.total == one_by_one.drafts == by_story.drafts
    (group,) = [group for group in by_story.page.items if group.count > 1][:1]
    told = {draft["client_id"] for draft in group.drafts}
    assert len(told) == min(group.count, LISTED), "a story has one draft for each client"
    listed = shown(world, group="flat", story=group.key)
    assert listed.drafts == group.count
    assert ids(listed) >= {draft["id"] for draft in group.drafts}


def test_a_client_is_one_row(world: World) -> None:
    by_client = shown(world, group="client")
    assert len({group.key for group in by_client.page.items}) == by_client.page.total
    assert sum(group.count for group in by_client.page.items) == by_client.drafts
    for group in by_client.page.items:
        assert {draft["client_id"] for draft in group.drafts} == {group.key}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("wolfenbuttel", "wolfe"), ("Wolfenbüttel", "wolfe"), ("oberst WOLFENBUETTEL", "wolfe"), ("الحداد", "yusuf")],
)
def test_a_client_is_found_by_parts_of_the_name_as_in_search(world: World, text: str, wanted: str) -> None:
    assert {group.key for group in shown(world, group="client").page.items} > {wanted}
    assert {group.key for group in shown(world, group="client", client=text).page.items} == {wanted}
    assert {group.key for group in shown(world, group="client", client=wanted).page.items} == {wanted}, "by the id"
    assert shown(world, client="?!").drafts == 0


def test_the_most_urgent_comes_first_and_what_is_late_last(world: World) -> None:
    world.clock.advance(hours=30)
    late = [group.lead.deadline_at <= world.clock.now() for group in shown(world, group="flat").page.items]
    assert late == sorted(late)
    assert any(late)
    newest = [group.lead.created_at for group in shown(world, group="flat", sort="newest").page.items]
    assert newest == sorted(newest, reverse=True)
    names = [group.lead.client_name.casefold() for group in shown(world, group="client", sort="client").page.items]
    assert names == sorted(names)


def test_filters_leave_what_they_say(world: World) -> None:
    everything = shown(world, group="flat").page.items
    for name in ("verdict", "urgency"):
        value = getattr(everything[0].lead, name)
        found = shown(world, group="flat", **{name: value})
        assert found.drafts == sum(getattr(group.lead, name) == value for group in everything)
    assert {draft.lead.client_id for draft in shown(world, group="flat", client="arnaud").page.items} == {
        "claire-arnaud"
    }
    with reading(world.engine) as connection:
        kinds = kinds_to_decide(connection, EVERYTHING, "owner", NOW)
    assert sum(shown(world, group="flat", kind=kind).drafts for kind in kinds) == len(
        [group for group in everything if group.lead.alert is not None]
    )
    soon = shown(world, group="flat", deadline="24").page.items
    assert all(NOW < group.lead.deadline_at <= NOW + timedelta(hours=24) for group in soon)
    assert shown(world, deadline="late").drafts + shown(world, group="flat", deadline="72").drafts <= len(everything)


def test_what_is_put_aside_returns_by_itself(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    mark(world, line.id, snoozed_until=NOW + timedelta(hours=3))
    with reading(world.engine) as connection:
        count = queries.counts(connection, EVERYTHING, NOW, "owner").inbox
    assert line.id not in ids(shown(world, group="flat"))
    assert count == shown(world, group="flat").drafts
    assert ids(shown(world, snoozed="yes")) == {line.id}
    world.clock.advance(hours=3)
    assert line.id in ids(shown(world, group="flat"))


def test_a_draft_that_is_given_away_changes_inboxes_and_one_that_is_asked_about_is_in_both(world: World) -> None:
    line, mara, june = world.draft("claire-arnaud", "warn"), OwnClients("mara"), OwnClients("june")
    assert line.id not in ids(shown(world, june, "manager-june", group="flat"))
    mark(world, line.id, assigned_to="manager-june", by="manager-mara", note="You know her better")
    assert line.id in ids(shown(world, june, "manager-june", group="flat", assigned="me"))
    assert line.id not in ids(shown(world, mara, "manager-mara", group="flat"))
    assert ids(shown(world, mara, "manager-mara", assigned="others")) == {line.id}
    assert ids(shown(world, mara, "manager-mara", assigned="manager-june")) == {line.id}
    assert line.id not in ids(shown(world, mara, "manager-mara", group="flat", assigned="nobody"))
    mark(world, line.id, assigned_to="manager-june", by="manager-mara", asked=True)
    assert line.id in ids(shown(world, mara, "manager-mara", group="flat"))


def test_nobody_sees_the_drafts_of_others(world: World) -> None:
    own = {draft["client_id"] for group in shown(world, OwnClients("june"), "x").page.items for draft in group.drafts}
    assert own
    assert "claire-arnaud" not in own


def test_a_page_past_the_end_is_the_last(world: World) -> None:
    with reading(world.engine) as connection:
        inbox = read_inbox(connection, EVERYTHING, "owner", InboxView(group="flat"), NOW, number=99, size=3)
    assert inbox.page.number == inbox.page.pages
    assert inbox.page.items
    assert shown(world, client="nobody of this name").page.items == []


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the queries that are executed."""
    statements: list[str] = []

    def note(*about: object) -> None:
        statements.extend([str(about[2])] if "SELECT" in str(about[2]) else [])

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def copies(world: World, count: int) -> None:
    """Add drafts of one story, each for another client."""
    with world.engine.begin() as connection:
        row = dict(connection.execute(select(drafts).limit(1)).mappings().one())
        more = [{**row, "id": f"copy-{i}", "client_id": f"c{i}", "state": "open"} for i in range(count)]
        connection.execute(drafts.insert(), more)


def test_the_inbox_takes_as_many_queries_with_many_drafts_as_with_few(tmp_path: Path) -> None:
    world = World.make(tmp_path)
    for group in ("event", "client", "flat"):
        with counted(world.engine) as few:
            shown(world, group=group)
        assert len(few) == 4, few
    browser = world.with_settings(page_size=50).browser()
    with counted(world.engine) as before:
        browser.get("/")
    copies(world, 300)
    for query in ("", "?group=client", "?group=flat"):
        with counted(world.engine) as after:
            answer = browser.get(f"/{query}")
        assert len(after) <= len(before)
        assert len(answer.content) < 200_000
    assert shown(world, group="client").page.total > 300
