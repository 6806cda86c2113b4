from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from services.common.db import reading
from services.notifier.desk.dependencies import FeedView, SourceView
from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import audit_log
from tests.desk_data import NOW
from tests.desk_world import World

FEEDS = (
    FeedView("f1", "https://rss.northgate.example/all", "ok", publisher="Northgate", channel="rss.northgate.example",
             usual_delay=timedelta(minutes=4), has_hub=True),
    FeedView("f2", "https://feeds.many.example/x", "unreachable", reason="it can't be found.", fix="Check its name.",
             speaks_for=("port.example",), ground="Its own page links to it."),
)  # fmt: skip
SOURCES = tuple(
    SourceView(domain, publisher, None, "news", grade, granted, "Corrects its errors.", "hand", record)
    for domain, publisher, grade, granted, record in (
        ("north.example", "The North", "B", "B", None),
        ("northgate.example", "Northgate Wire", "C", "A", "of its last two rumors, two were denied"),
        ("port.example", "The Port Courier", "B", "B", None),
    )
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World.make(tmp_path)
    world.feeds, world.sources = FEEDS, SOURCES
    return world


@pytest.fixture
def owner(world: World) -> TestClient:
    return world.browser()


@pytest.fixture
def program(world: World) -> TestClient:
    client = world.browser(None)
    with world.engine.begin() as connection:
        client.headers["Authorization"] = f"Bearer {create_api_token(connection, 'owner', NOW)}"
    return client


def form(client: TestClient, **fields: str) -> dict[str, str]:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/feeds").text)
    assert found is not None
    return {"form_token": found[1], **fields}


def test_the_feeds_of_a_page_are_offered_with_a_preview(world: World, owner: TestClient) -> None:
    text = owner.post("/feeds/find", data=form(owner, url=" northgate.example ")).text
    assert "Found 2 feeds" in text
    assert "Halden cuts its dividend" in text
    assert "The server does not know it. " in text
    assert text.count("Add this feed") == 1, "one that can't be read is not offered"
    assert 'name="url" value="https://northgate.example/feed"' in text
    assert world.feed_notes.done == [], "nothing is stored yet"
    refused = owner.post("/feeds/find", data=form(owner, url="nothing"))
    assert (refused.status_code, "Look for a link called RSS." in refused.text) == (400, True)


def test_a_feed_says_how_far_behind_it_usually_is(owner: TestClient) -> None:
    text = owner.get("/feeds").text
    assert text.count("Usually 4 minutes behind. Its hub reports news at once.") == 1


def test_a_feed_that_has_moved_says_where(world: World, owner: TestClient) -> None:
    moved = replace(FEEDS[0], fetched_at="https://rss.northgate.example/new")
    world.feeds = (moved, replace(FEEDS[1], redirects_to="https://other.example/x"))
    text = owner.get("/feeds").text
    assert text.count("it is fetched from") == text.count("redirects for good to") == 1
    assert "https://rss.northgate.example/new" in text
    assert "https://other.example/x" in text


def test_lists_are_imported_and_exported(world: World, owner: TestClient) -> None:
    file = {"file": ("mine.opml", b"<opml/>", "text/x-opml")}
    text = owner.post("/feeds/import", data=form(owner), files=file).text
    assert "2 added, 1 already present, 1 invalid" in text
    assert "line 3: no address" in text
    assert world.feed_notes.done == [("mine.opml", "<opml/>")]
    exported = owner.get("/feeds/feeds.opml")
    assert (exported.text, exported.headers["content-disposition"]) == ("<opml/>", 'attachment; filename="feeds.opml"')


def test_the_owner_says_who_may_speak_through_a_feed(world: World, owner: TestClient) -> None:
    text = owner.get("/feeds").text
    assert "Without an entry: the publisher of rss.northgate.example." in text
    assert "Its own page links to it." in text
    wanted = form(owner, domains="a.example, b.example", ground=" Their page says so. ")
    assert owner.post("/feeds/f1/speakers", data=wanted).status_code == 303
    assert world.feed_notes.done == [("a.example,b.example", "Their page says so.")]
    assert owner.post("/feeds/none/speakers", data=wanted).status_code == 404
    with reading(world.engine) as connection:
        details = connection.execute(select(audit_log.c.detail).where(audit_log.c.action == "feed.speakers")).scalars()
        assert details.all() == ["a.example, b.example: Their page says so."]


def test_account_managers_see_feeds_but_change_none(world: World) -> None:
    mara = world.browser("manager-mara")
    text = mara.get("/feeds").text
    assert ("Find feeds" in text, "Who may speak" in text, "Northgate" in text) == (False, False, True)
    for path, sent in (("find", {"url": "x.example"}), ("f1/speakers", {}), ("f1/pause", {})):
        assert mara.post(f"/feeds/{path}", data=form(mara, **sent)).status_code == 403
    assert world.feed_notes.done == []


def test_looking_for_feeds_is_limited_for_each_person_and_audited(
    world: World, owner: TestClient, program: TestClient
) -> None:
    at = "/api/v1/feeds/find"
    answers = [program.post(at, json={"url": f"https://me:pw@north.example/{n}?key=secret"}) for n in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["retry-after"] == "6"
    assert answers[-1].json()["detail"] == "You look for feeds too often."
    assert program.get("/api/v1/me").status_code == 200, "everything else goes on"
    world.clock.advance(seconds=6)
    assert program.post(at, json={"url": "north.example"}).status_code == 200
    with reading(world.engine) as connection:
        entries = connection.execute(select(audit_log).where(audit_log.c.action == "feeds.searched")).all()
    assert [entry.subject for entry in entries][::10] == ["https://north.example/0", "https://north.example"]
    page = world.browser()
    page_form = form(page, url="north.example")
    limited = [page.post("/feeds/find", data=page_form).status_code for _ in range(11)]
    assert limited == [200] * 10 + [429]


def test_sources_have_grade_ground_record_and_feeds(owner: TestClient) -> None:
    text = owner.get("/sources").text
    assert "Northgate Wire" in text
    assert "Of its last two rumors, two were denied" in text
    assert "set: A" in text
    assert "Corrects its errors." in text
    assert 'href="/feeds#feed-f1"' in text
    assert "The North" not in text, "no feed of it"
    assert "The Port Courier" in text, "somebody vouched for it"
    assert "The North" in owner.get("/sources", params={"all": "yes"}).text
    assert "No source matches." in owner.get("/sources", params={"q": "zzz"}).text


def test_the_api_does_the_same(world: World, program: TestClient) -> None:
    at = "/api/v1/feeds"
    assert [feed["id"] for feed in program.get(at).json()["items"]] == ["f1", "f2"]
    found = program.post(f"{at}/find", json={"url": "northgate.example"}).json()["items"]
    assert [(feed["count"], feed["problem"]) for feed in found] == [(12, None), (0, "The server does not know it.")]
    assert program.post(at, json={"url": "https://c.example/feed"}).status_code == 201
    assert program.post(f"{at}/f1/pause").json() == {"feed_id": "f1"}
    assert program.put(f"{at}/f1/speakers", json={"domains": ["a.example"], "ground": "So."}).status_code == 200
    assert program.get(f"{at}/opml").json() == {"opml": "<opml/>"}
    assert program.post(f"{at}/opml", json={"opml": "<opml/>"}).json()["added"] == 2
    assert world.feed_notes.done == [
        ("add", "https://c.example/feed"), ("pause", "f1"), ("a.example", "So."), ("the list", "<opml/>"),
    ]  # fmt: skip
    listed = program.get("/api/v1/sources", params={"q": "north", "limit": 1, "page": 2}).json()
    assert (listed["total"], [source["domain"] for source in listed["items"]]) == (2, ["northgate.example"])


def test_programs_read_all_sources_by_following_the_cursor(program: TestClient) -> None:
    everything = program.get("/api/v1/sources").json()
    assert everything["next"] is None
    first = program.get("/api/v1/sources", params={"limit": 1}).json()
    second = program.get("/api/v1/sources", params={"limit": 200, "cursor": first["next"]}).json()
    assert first["items"] + second["items"] == everything["items"]
    assert second["next"] is None
    assert program.get("/api/v1/drafts", params={"cursor": first["next"]}).status_code == 400


def test_a_desk_without_feeds_says_so(world: World, program: TestClient) -> None:
    world.feeds = ()
    assert "No feeds yet." in world.browser("manager-mara").get("/feeds").text
    assert program.post("/api/v1/feeds/f1/pause").status_code == 404


def test_credentials_are_set_at_the_desk_and_by_programs_and_never_shown(
    world: World, owner: TestClient, program: TestClient
) -> None:
    world.feeds = (replace(FEEDS[0], credentials="basic"), FEEDS[1])
    secret = "open-sesame"
    done = owner.post("/feeds/f2/credentials", data=form(owner, kind="basic", name="ada", secret=secret))
    assert done.headers["location"] == "/feeds?note=feed-credentials"
    given = {"kind": "header", "name": "X-Api-Key", "secret": secret}
    assert program.put("/api/v1/feeds/f2/credentials", json=given).json() == {"feed_id": "f2"}
    assert program.put("/api/v1/feeds/none/credentials", json=given).status_code == 404
    wrong = program.put("/api/v1/feeds/f2/credentials", json={**given, "kind": "digest"})
    assert wrong.status_code == 422
    assert program.put("/api/v1/feeds/f2/credentials", json={"kind": "none"}).status_code == 200
    assert world.feed_notes.done == [
        ("credentials", f"f2 basic ada {secret}"),
        ("credentials", f"f2 header X-Api-Key {secret}"),
        ("credentials", "f2 none  "),
    ]
    page, listed = owner.get("/feeds").text, program.get("/api/v1/feeds").text
    assert page.count("Set. Nobody can read it here.") == page.count('value="none"') == 1
    assert '"credentials":"basic"' in listed
    with reading(world.engine) as connection:
        log = str(connection.execute(select(audit_log)).all())
    assert log.count("feed.credentials") == 3
    assert secret not in page + listed + log + wrong.text
    mara = world.browser("manager-mara")
    assert mara.post("/feeds/f2/credentials", data={**form(mara), "kind": "none"}).status_code == 403


def test_full_text_is_set_at_the_desk_and_by_programs(world: World, owner: TestClient, program: TestClient) -> None:
    world.feeds = (replace(FEEDS[0], full_text=True, articles={"paywall": 1_200, "read": 3}), FEEDS[1])
    done = owner.post("/feeds/f2/full-text", data=form(owner, wanted="on"))
    assert done.headers["location"] == "/feeds?note=feed-full-text-on"
    assert owner.post("/feeds/f2/full-text", data=form(owner, wanted="maybe")).status_code == 422
    at = "/api/v1/feeds/{}/full-text"
    assert program.put(at.format("f1"), json={"wanted": False}).json() == {"feed_id": "f1"}
    assert program.put(at.format("f1"), json={"wanted": 1}).status_code == 422
    assert program.put(at.format("none"), json={"wanted": True}).status_code == 404
    assert world.feed_notes.done == [("full text", "f2 True"), ("full text", "f1 False")]
    page = owner.get("/feeds").text
    assert page.count("Last week: 3 read, 1,200 behind a paywall.") == page.count("Read no articles any more") == 1
    listed = program.get("/api/v1/feeds").json()["items"]
    assert [feed["full_text"] for feed in listed] == [True, False]
    assert listed[0]["articles"] == {"paywall": 1_200, "read": 3}
    with reading(world.engine) as connection:
        details = connection.execute(select(audit_log.c.detail).where(audit_log.c.action == "feed.full_text"))
        assert details.scalars().all() == ["on", "off"]
    mara = world.browser("manager-mara")
    assert mara.post("/feeds/f2/full-text", data={**form(mara), "wanted": "off"}).status_code == 403


def test_a_feed_with_only_headlines_says_so_and_who_can_do_something_about_it(
    world: World, owner: TestClient, program: TestClient
) -> None:
    assert "have only headlines" not in owner.get("/feeds").text
    world.feeds = (replace(FEEDS[0], only_headlines=True), FEEDS[1])
    assert owner.get("/feeds").text.count("<em>Full text</em> below reads its articles.") == 1
    assert "The owner of this desk can have its articles read." in world.browser("manager-mara").get("/feeds").text
    assert [feed["only_headlines"] for feed in program.get("/api/v1/feeds").json()["items"]] == [True, False]


def test_a_pack_of_official_feeds_is_added_by_name(world: World, owner: TestClient, program: TestClient) -> None:
    assert "Security advisories (2 feeds, 1 here already)" in owner.get("/feeds").text
    text = owner.post("/feeds/packs", data=form(owner, name="security")).text
    assert "Feeds: 1 added, 1 already present." in text
    (pack,) = program.get("/api/v1/feeds/packs").json()["items"]
    assert (pack["name"], pack["feeds"], pack["listed"]) == ("security", ["CISA", "CERT"], 1)
    assert program.post("/api/v1/feeds/packs", json={"name": "security"}).json()["added"] == 1
    assert world.feed_notes.done == [("pack", "security")] * 2
    assert "Security advisories" not in world.browser("manager-mara").get("/feeds").text
