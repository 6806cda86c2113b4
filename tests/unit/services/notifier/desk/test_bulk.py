from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from services.common.db import reading
from services.notifier.scope import EVERYTHING
from services.notifier.tables import audit_log, draft_marks
from services.notifier.triage.inbox import read_inbox
from services.notifier.triage.view import InboxView
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path).with_settings(page_size=50)


def act(browser: TestClient, what: str, **fields: str | list[str]) -> Response:
    page: str = browser.get("/").text
    token = page.split('name="form_token" value="', 1)[1].split('"', 1)[0]
    answer: Response = browser.post("/inbox/act", data={"form_token": token, "act": what, **fields})
    return answer


def as_of(browser: TestClient) -> str:
    page: str = browser.get("/").text
    return page.split('name="as_of" value="', 1)[1].split('"', 1)[0]


def picks(world: World, *client_ids: str, verdict: str = "warn") -> list[str]:
    lines = [world.draft(client_id, verdict) for client_id in client_ids]
    return [f"{line.id}:{line.version}" for line in lines]


def audited(world: World) -> list[str]:
    with reading(world.engine) as connection:
        return list(connection.execute(select(audit_log.c.action).order_by(audit_log.c.id)).scalars())


def test_sending_is_confirmed_with_the_list_of_what_leaves_and_nothing_happens_before(world: World) -> None:
    browser, picked = world.browser(), picks(world, "claire-arnaud", "yusuf")
    asked = act(browser, "approve", pick=picked)
    assert asked.status_code == 200
    assert "Send 2 messages?" in asked.text
    assert asked.text.count("leaves") == 2
    assert [world.line(pick.split(":")[0]).state for pick in picked] == ["open", "open"]
    assert world.publisher.events == []
    done = act(browser, "approve", pick=picked, confirmed="yes")
    assert "2 of 2 approved" in done.text
    assert [world.line(pick.split(":")[0]).state for pick in picked] == ["approved", "approved"]


def test_the_result_says_what_was_refused_and_why(world: World) -> None:
    picked = picks(world, "claire-arnaud", "yusuf")
    line = world.draft("yusuf", "warn")
    world.desk("edit", line.id, line.version, "Another subject", line.body)
    result = act(world.browser(), "dismiss", pick=[*picked, "gone:0"], reason="too_late").text
    assert "1 of 3 dismissed" in result
    assert "This draft has changed since you opened it" in result
    assert "There is no such draft." in result
    assert world.draft("claire-arnaud", "warn").state == "dismissed"
    assert world.line(line.id).state == "edited"


def test_a_group_stands_for_its_drafts_as_the_page_showed_them(world: World) -> None:
    with reading(world.engine) as connection:
        inbox = read_inbox(connection, EVERYTHING, "owner", InboxView(), world.clock.now(), number=1, size=50)
    group = max(inbox.page.items, key=lambda group: group.count)
    browser = world.browser()
    seen = as_of(browser)
    world.clock.advance(minutes=5)
    changed = group.drafts[0]
    world.desk("edit", changed["id"], changed["version"], "Edited meanwhile", "Text")
    result = act(browser, "dismiss", group=group.key, as_of=seen, reason="too_many").text
    assert f"{group.count - 1} of {group.count} dismissed" in result
    assert {world.line(draft["id"]).state for draft in group.drafts} == {"dismissed", "edited"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "No draft is selected."),
        ({"pick": ["x"]}, "can&#39;t be read"),
        ({"pick": [f"d{i}:0" for i in range(201)]}, "201 drafts are selected"),
        ({"group": ["g"], "as_of": "yesterday"}, "can&#39;t be read"),
    ],
)
def test_a_selection_that_is_none_is_explained(world: World, fields: dict[str, list[str]], said: str) -> None:
    answer = act(world.browser(), "wake", **fields)
    assert answer.status_code == 400
    assert said in answer.text


def test_a_dismissal_in_bulk_needs_a_reason(world: World) -> None:
    assert "A dismissal needs a reason." in act(world.browser(), "dismiss", pick=picks(world, "yusuf")).text
    assert world.draft("yusuf", "warn").state == "open"


def test_snoozed_drafts_come_back_by_themselves_or_when_they_are_asked_for(world: World) -> None:
    browser, line = world.browser(), world.draft("claire-arnaud", "warn")
    assert act(browser, "snooze", pick=f"{line.id}:0", until="hours").headers["location"] == "/?note=act-snooze"
    path = f"/drafts/{line.id}"
    assert path not in browser.get("/?group=flat").text
    assert "Snoozed until today 12:20" in browser.get(path).text
    assert path in browser.get("/?snoozed=yes").text
    assert act(browser, "wake", pick=f"{line.id}:0").status_code == 303
    assert path in browser.get("/?group=flat").text
    late = line.deadline_at + timedelta(hours=3)
    refused = act(browser, "snooze", pick=f"{line.id}:0", until_at=late.strftime("%Y-%m-%dT%H:%M"))
    assert "Its deadline comes first." in refused.text
    assert [action for action in audited(world) if action.startswith("draft.s") or action == "draft.woken"] == [
        "draft.snoozed",
        "draft.woken",
    ]


def test_a_colleague_sees_what_they_were_given_with_the_note_and_may_decide(world: World) -> None:
    mara, june = world.browser("manager-mara"), world.browser("manager-june")
    line = world.draft("claire-arnaud", "warn")
    path = f"/drafts/{line.id}"
    assert june.get(path).status_code == 404
    given = {"pick": f"{line.id}:0", "to": "manager-june", "note": "You know the bank"}
    assert act(mara, "assign", **given).headers["location"] == "/?note=act-assign"
    assert path not in mara.get("/?group=flat").text
    assert path in june.get("/?group=flat").text
    page = june.get(path).text
    assert "Mara gave you this" in page
    assert "You know the bank" in page
    assert '/clients/claire-arnaud"><bdi>' not in page.split("</h1>")[1].split("</p>")[0]
    assert act(june, "dismiss", pick=f"{line.id}:0", reason="already_told").status_code == 303
    assert world.line(line.id).state == "dismissed"
    assert "It is dismissed already." in act(mara, "take", pick=f"{line.id}:1").text


def test_a_question_stays_in_both_inboxes_and_ends_when_it_is_taken_back(world: World) -> None:
    mara, june = world.browser("manager-mara"), world.browser("manager-june")
    line = world.draft("claire-arnaud", "warn")
    act(mara, "ask", pick=f"{line.id}:0", to="manager-june")
    for browser in (mara, june):
        assert f"/drafts/{line.id}" in browser.get("/?group=flat").text
    page = june.get(f"/drafts/{line.id}").text
    assert line.subject in page
    assert f'action="/drafts/{line.id}/approve"' not in page
    assert "There is no such draft." in act(june, "dismiss", pick=f"{line.id}:0", reason="already_told").text
    assert world.line(line.id).state == "open"
    act(mara, "take", pick=f"{line.id}:0")
    assert june.get(f"/drafts/{line.id}").status_code == 404
    with reading(world.engine) as connection:
        assert connection.execute(select(draft_marks.c.assigned_to)).scalar() is None
    assert "Choose a colleague." in act(mara, "assign", pick=f"{line.id}:0", to="manager-mara").text
    assert re.search("Choose a colleague.", act(mara, "ask", pick=f"{line.id}:0", to="nobody").text)
