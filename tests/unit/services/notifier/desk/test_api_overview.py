"""Today, figures and colleagues over the API agree with the pages."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from services.notifier.desk.access import API, ROUTES
from tests.desk_data import NOW
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


def test_today_lists_what_the_page_lists_of_the_callers_clients(world: World) -> None:
    june = world.browser("manager-june")
    today, page = june.get("/api/v1/today").json(), june.get("/digest").text
    assert today["at"] == NOW.isoformat().replace("+00:00", "Z")
    assert today["duplicates"] == 0
    assert [client["client_id"] for client in today["clients"]] == re.findall(
        r'person"><a href="/clients/([^"]+)', page
    )
    listed = sum(len(client["lines"]) for client in today["clients"])
    assert listed == page.count("<li class=") == sum(today["counts"].values())
    assert (today["counts"]["correct"], today["counts"]["send"]) == (1, 1)
    assert "claire-arnaud" not in str(today)
    assert {client["client_id"] for client in world.browser().get("/api/v1/today").json()["clients"]} >= {
        "claire-arnaud"
    }


def test_figures_count_messages_by_week_and_wait(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("mark_sent", line.id, line.version)
    world.apply(world.publisher.events)
    figures = world.browser().get("/api/v1/figures").json()
    assert [date.fromisoformat(week).weekday() for week in figures["weeks"]] == [0] * 12
    assert figures["clients"] == [
        {"client_id": "claire-arnaud", "name": "Claire Arnaud", "messages": [0] * 11 + [1]}
    ]  # fmt: skip
    assert figures["told"] == sum(group["messages"] for group in figures["first_words"]) == 1
    assert figures["median_hours"] is not None
    assert world.browser("manager-june").get("/api/v1/figures").json()["clients"] == []


def test_a_program_finds_colleagues_and_chooses_how_its_user_works(world: World) -> None:
    browser = world.browser()
    token = browser.get("/me").text.split('name="form_token" value="')[1].partition('"')[0]
    colleagues = {entry["user_id"]: entry["name"] for entry in browser.get("/api/v1/colleagues").json()["items"]}
    assert colleagues["manager-june"].startswith("June")
    ways = {"open_next": False, "shortcuts": False}
    assert browser.put("/api/v1/me/ways", json=ways, headers={"X-Form-Token": token}).json() == ways
    account = browser.get("/api/v1/me").json()
    assert {name: account[name] for name in ways} == ways
    assert "data-no-keys" in browser.get("/").text


#: Pages whose operation has another address.
ELSEWHERE = {
    "/": "/drafts", "/views/rename": "/views/{name:path}", "/views/delete": "/views/{name:path}/delete",
    "/inbox/act": "/bulk/act", "/digest": "/today", "/drafts/{draft_id}/rewording": "/drafts/{draft_id}/wording",
    "/sent": "/deliveries", "/expired": "/drafts/expired", "/advice.csv": "/advice", "/audit.csv": "/audit",
    "/clients/imports/{import_id}/problems.csv": "/clients/imports/{import_id}",
    "/clients/duplicates/merge": "/clients/{client_id}/merge", "/clients/new": "/clients",
    "/clients/{client_id}": "/clients/{client_id}/entry", "/clients/{client_id}/edit": "/clients/{client_id}/entry",
    "/clients/{client_id}/discovery": "/clients/{client_id}/questions", "/feeds/feeds.opml": "/feeds/opml",
    "/feeds/import": "/feeds/opml", "/managers/{manager_id}": "/managers/{manager_id}/reach",
    "/inlets/page": "/feeds/pages", "/inlets/mailbox": "/feeds/mailboxes", "/inlets/programs": "/feeds/inlets",
    "/inlets/{feed_id}": "/feeds/{feed_id}/setup", "/inlets/{feed_id}/page": "/feeds/{feed_id}/page",
    "/inlets/{feed_id}/title": "/feeds/{feed_id}/title", "/inlets/{feed_id}/mailbox": "/feeds/{feed_id}/mailbox",
    "/inlets/{feed_id}/password": "/feeds/{feed_id}/password",
}  # fmt: skip
#: Pages for people: who lets whom in, what asks for a proof, and what only a browser needs.
FOR_PEOPLE = re.compile(
    r"/signout|/live|/drafts/{draft_id}/(editing|call.ics)|/clients/export.*|/me/(proof|second-factor).*|/people.*"
    r"|/inlets/{feed_id}/tokens"
)


def test_every_page_has_its_operation() -> None:
    operations = {route.partition(" ")[2].removeprefix(API) for route in ROUTES if API in route}
    pages = {route.partition(" ")[2] for route in ROUTES if API not in route}
    assert {ELSEWHERE.get(path, path) for path in pages if not FOR_PEOPLE.fullmatch(path)} <= operations
    assert ELSEWHERE.keys() <= pages - operations
