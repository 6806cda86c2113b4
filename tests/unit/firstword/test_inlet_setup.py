"""News without a feed is set up, seen and changed at the desk and over the API, by those whose role may."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from firstword.compose import common
from firstword.feed_adapter import FeedAdapter
from firstword.inlet_adapter import InletAdapter
from firstword.inlets import Inlets
from firstword.source_grades import SourceGrades
from firstword.store import Store
from services.common.clock import ManualClock
from services.common.db import reading
from services.common.errors import BadInput
from services.common.http import GuardedClient, HttpSettings
from services.common.settings import read_settings
from services.ingest.fetch.fetchers import HttpFetcher
from services.ingest.fetch.imap import MailboxPlace
from services.ingest.service import IngestService
from services.ingest.tables import feed_credentials
from services.notifier.desk import auth
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, DeskSettings
from services.notifier.desk.inlet_port import MailboxSetup
from services.notifier.desk.tokens import create_api_token
from services.notifier.tables import audit_log, users
from tests.http_server import Reply, serving
from tests.imap_server import Mailbox, mailbox
from tests.patience import PATIENCE_SECONDS
from tests.unit.services.ingest.inlets.test_mailbox import letter
from tests.unit.services.ingest.inlets.test_page import PAGE

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
SECRET = "open-sesame"
PLACE = {"host": "imap.firm.example", "username": "letters"}


class Desk:
    """A desk on a real store and a real ingest service, which may reach this machine."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.client = GuardedClient(HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0))
        self.ingest = IngestService(
            store.engine, HttpFetcher(self.client), store.events, store.clock,
            inlet_folders=store.settings.data / "feeds" / "inlets", allow_private=("127.0.0.1",),
        )  # fmt: skip
        self.adapter = InletAdapter(Inlets(store, self.ingest), self.ingest)
        with store.engine.begin() as connection:
            for user, role in (("owner", "owner"), ("ops", "ops"), ("rita", "reader")):
                connection.execute(
                    insert(users).values(
                        id=user,
                        name=user,
                        role=role,
                        time_zone="UTC",
                        created_at=NOW,
                        session_epoch=0,
                    )
                )

    def app(self) -> TestClient:
        settings = DeskSettings("a secret of the tests, long enough to sign", "http://testserver", ("testserver",))
        feeds = FeedAdapter(self.ingest)
        dependencies = DeskDependencies(
            self.store.engine, self.store.events, self.store.clock, settings, feeds_view=feeds.view,
            feed_actions=feeds, inlets=self.adapter,
        )  # fmt: skip
        return TestClient(create_app(dependencies), follow_redirects=False)

    def browser(self, user: str = "owner") -> TestClient:
        client = self.app()
        with self.store.engine.begin() as connection:
            token = auth.create_signin_link(connection, user, NOW)
        assert client.post("/signin", data={"token": token}).status_code == 303
        return client

    def program(self, user: str = "owner") -> TestClient:
        client = self.app()
        with self.store.engine.begin() as connection:
            client.headers["Authorization"] = f"Bearer {create_api_token(connection, user, NOW)}"
        client.base_url = client.base_url.join("/api/v1/feeds/")
        return client

    def audited(self) -> str:
        with reading(self.store.engine) as connection:
            rows = connection.execute(select(audit_log.c.action, audit_log.c.subject, audit_log.c.detail))
            return "\n".join(" ".join(map(str, row)) for row in rows)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with common.open_store(read_settings(data=tmp_path), ManualClock(NOW)) as store:
        yield Desk(store)


@contextmanager
def in_background(make: object) -> Iterator[object]:
    """Run an asynchronous server in a thread, because the test's client blocks."""
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []
    done = asyncio.Event()

    async def run() -> None:
        async with make() as server:  # type: ignore[operator]
            found.append(server)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(PATIENCE_SECONDS)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(PATIENCE_SECONDS)
        loop.close()


def form(client: TestClient, **fields: str) -> dict[str, str]:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/feeds").text)
    assert found is not None
    return {"form_token": found[1], **fields}


def made(answer: object) -> str:
    """Return the id in the address to which a form led."""
    found = re.match(r"/inlets/([^?]+)\?note=", answer.headers["location"])  # type: ignore[attr-defined]
    assert found is not None
    return found[1]


def test_a_page_is_previewed_watched_seen_and_changed(desk: Desk) -> None:
    page = Reply(200, PAGE.replace("<main>", '<main id="news">').encode(), {"Content-Type": "text/html"})
    with in_background(lambda: serving({"/press": page, "/robots.txt": Reply(404)})) as server:
        url = server.url("/press")  # type: ignore[attr-defined]
        owner = desk.browser()
        shown = owner.post("/inlets/page", data=form(owner, act="look", url=url, links_in="#news")).text
        assert "5 links on" in shown
        assert "Agency fines Halden" in shown
        assert desk.ingest.list_feeds() == (), "nothing is stored yet"
        wrong = owner.post("/inlets/page", data=form(owner, act="save", url=url, links_in="a b["))
        assert (wrong.status_code, "does not name a part of a page" in wrong.text) == (200, True)
        gone = owner.post("/inlets/page", data=form(owner, act="look", url=url, links_in="#olds")).text
        assert "that should list the news is not there" in gone
        id = made(owner.post("/inlets/page", data=form(owner, act="save", url=url, title="Agency", links_in="#news")))
        asyncio.run(desk.ingest.poll(id))
        assert "again" not in str(desk.ingest.find_feed(id))
        kept = owner.get(f"/inlets/{id}").text
        assert 'value="#news"' in kept
        again = owner.post("/inlets/page", data=form(owner, act="save", url=url)).text
        assert "is listed already" in again
        program = desk.program()
        preview = program.post("pages/preview", json={"url": url, "links_under": "/press/"}).json()
        assert (preview["count"], preview["feed_id"], preview["problem"]) == (4, id, None)
        changed = program.put(f"{id}/page", json={"links_under": "/press/"}).json()
        assert changed["page"] == {"url": url, "title": None, "links_under": "/press/", "links_in": None}
        read = asyncio.run(desk.ingest.poll(id))
        assert read is not None
        assert (read.outcome.kind, read.new) == ("fetched", 0), "what was known before is not told again"
        assert program.put(f"{id}/page", json={"links_under": "press"}).status_code == 400
        desk.ingest.remove_feed(id)
        narrow = program.post("pages", json={"url": url, "links_in": "article"}).json()
        first = asyncio.run(desk.ingest.poll(narrow["feed_id"]))
        assert program.put(f"{narrow['feed_id']}/page", json={}).json()["page"]["links_in"] is None
        widened = asyncio.run(desk.ingest.poll(narrow["feed_id"]))
        assert first is not None
        assert widened is not None
        assert (first.new, first.background) == (1, 1)
        assert (widened.new, widened.background) == (3, 2), "what a change brings is as at first: the dated one is news"
    assert desk.audited().count("feeds.searched http://127.0.0.1") == 3


def test_a_mailbox_is_looked_into_set_up_and_changed_and_its_password_never_shown(desk: Desk) -> None:
    with in_background(lambda: mailbox(letter(1), letter(2), b"noise")) as box:
        assert isinstance(box, Mailbox)
        plain = MailboxSetup("127.0.0.1", "letters", box.port, security="none")
        found = asyncio.run(desk.adapter.look(plain, SECRET))
        assert found.count == 3
        assert list(found.newest) == [
            ("", ""),
            ("Wire", "Halden cuts its dividend 2"),
            ("Wire", "Halden cuts its dividend 1"),
        ]
        assert list(found.servers) == ["mx.firm.example"]
        assert not {"STORE", "SELECT", "EXPUNGE"} & set(box.commands)
        with pytest.raises(BadInput, match="refuses the user or the password"):
            asyncio.run(desk.adapter.look(plain, "wrong"))
    owner, program = desk.browser(), desk.program()
    new = {**PLACE, "name": "letters", "title": "Newsletters", "password": SECRET, "verified_by": "mx.firm.example"}
    answer = program.post("mailboxes", json=new)
    assert answer.status_code == 201
    id, place = answer.json()["feed_id"], answer.json()["mailbox"]
    assert place == {"host": "imap.firm.example", "port": 993, "username": "letters", "folder": "INBOX",
                     "verified_by": "mx.firm.example"}  # fmt: skip
    assert program.post("mailboxes", json=new).status_code == 400, "the name is in use"
    unsafe = program.post("mailboxes", json={**new, "name": "more", "password": SECRET * 200})
    assert unsafe.status_code == 422
    moved = program.put(f"{id}/mailbox", json={**PLACE, "folder": "News", "verified_by": "mx.firm.example"})
    assert moved.json()["mailbox"]["folder"] == "News"
    done = owner.post(f"/inlets/{id}/password", data=form(owner, password=f"{SECRET}-2"))
    assert made(done) == id
    assert program.put(f"{id}/password", json={"password": f"{SECRET}-3"}).json() == {
        "feed_id": id, "origin": "imaps://imap.firm.example:993",
    }  # fmt: skip
    state = desk.ingest.inlet("letters")
    assert state.credential is not None
    assert state.credential.open().value == f"{SECRET}-3"
    page = owner.get(f"/inlets/{id}").text
    for shown in (page, owner.get("/feeds").text, program.get(f"{id}/setup").text, unsafe.text, desk.audited(),
                  desk.ingest.export_feeds().decode(), program.get("/api/v1/feeds").text):  # fmt: skip
        assert SECRET not in shown
    with reading(desk.store.engine) as connection:
        assert SECRET not in str(connection.execute(select(feed_credentials)).all())
        events = str([event for topic in ("feeds", "items") for event in desk.store.events.scan(connection, topic)])
    assert SECRET not in events


def test_whose_word_counts_is_set_by_those_who_may_set_grades(desk: Desk) -> None:
    ops = desk.program("ops")
    new = {**PLACE, "name": "letters", "title": "Newsletters", "password": SECRET}
    trusted = {**PLACE, "verified_by": "mx.firm.example"}
    assert ops.post("mailboxes", json={**new, **trusted}).status_code == 403
    id = ops.post("mailboxes", json=new).json()["feed_id"]
    assert ops.put(f"{id}/mailbox", json=trusted).status_code == 403
    assert desk.program().put(f"{id}/mailbox", json=trusted).status_code == 200
    assert ops.put(f"{id}/mailbox", json=PLACE).status_code == 403
    elsewhere = {**trusted, "host": "imap.evil.example"}
    assert ops.put(f"{id}/mailbox", json=elsewhere).status_code == 403, "it could put the trusted name on top"
    assert ops.put(f"{id}/mailbox", json={**trusted, "folder": "News"}).status_code == 200
    browser = desk.browser("ops")
    assert 'type="hidden" name="verified_by" value="mx.firm.example"' in browser.get(f"/inlets/{id}").text
    assert "Set grade" not in browser.get("/sources").text
    with pytest.raises(BadInput, match="no grade of its own"):
        SourceGrades(desk.store).grade("letters.inlet.invalid", "A", "We like it.")


def test_an_inlet_for_programs_gets_tokens_that_are_shown_once(desk: Desk) -> None:
    ops = desk.browser("ops")
    refused = ops.post("/inlets/programs", data=form(ops, kind="push", name="press desk", title="Press"))
    assert "can&#39;t be the name of an inlet" in refused.text
    id = made(ops.post("/inlets/programs", data=form(ops, kind="push", name="press-desk", title="Our press desk")))
    made_page = ops.post(f"/inlets/{id}/tokens", data=form(ops, name="CMS", days="30")).text
    token = re.search(r"fw_[\w-]{40,}", made_page)
    assert token is not None
    desk.store.clock.advance(minutes=11)  # type: ignore[attr-defined]
    unproven = ops.post(f"/inlets/{id}/tokens", data=form(ops, name="CMS", days="30"))
    assert (unproven.status_code, unproven.headers["location"]) == (303, "/me/proof?then=%2Ffeeds")
    later = ops.get(f"/inlets/{id}").text
    assert "CMS" in later
    assert token[0] not in later + desk.audited()
    program = desk.app()
    program.headers["Authorization"] = f"Bearer {token[0]}"
    assert program.get("/api/v1/feeds").status_code == 403, "it does nothing but put items in"
    reuters = ops.post(f"/inlets/{id}/title", data=form(ops, title="Reuters"))
    assert (reuters.status_code, "is the name of a publisher" in reuters.text) == (400, True)
    assert made(ops.post(f"/inlets/{id}/title", data=form(ops, title="Press desk"))) == id
    assert desk.ingest.inlet("press-desk").feed.title == "Press desk"
    assert ops.post(f"/feeds/{id}/remove", data=form(ops)).status_code == 303
    assert program.post("/api/v1/items", json={"items": [{"title": "x"}]}).status_code == 401


def test_a_folder_is_made_and_shown(desk: Desk) -> None:
    answer = desk.program("ops").post("inlets", json={"name": "archive", "title": "Our archive", "kind": "folder"})
    assert answer.status_code == 201
    folder = Path(answer.json()["folder"])
    assert folder.is_dir()
    assert (answer.json()["domain"], answer.json()["mailbox"]) == ("archive.inlet.invalid", None)
    owner = desk.browser()
    assert str(folder) in owner.get(f"/inlets/{answer.json()['feed_id']}").text
    assert (
        owner.post(f"/inlets/{answer.json()['feed_id']}/tokens", data=form(owner, name="x", days="1")).status_code
        == 404
    )


def test_others_set_up_nothing_and_see_no_settings(desk: Desk) -> None:
    id = desk.adapter.create("press-desk", "Our press desk", "push")
    reader, program = desk.browser("rita"), desk.program("rita")
    listed = reader.get("/feeds").text
    assert ("Our press desk" in listed, "Settings" in listed, "/inlets/" in listed) == (True, False, False)
    for path in ("/inlets/page", "/inlets/mailbox", "/inlets/programs", f"/inlets/{id}"):
        assert reader.get(path).status_code == 403
    assert reader.post("/inlets/page", data=form(reader, act="save", url="https://a.example/")).status_code == 403
    assert program.get(f"{id}/setup").status_code == 403
    assert program.post("pages", json={"url": "https://a.example/"}).status_code == 403
    owner = desk.program()
    assert owner.get("none/setup").status_code == 404
    feed = desk.ingest.add_feed("https://a.example/feed")
    assert owner.get(f"{feed.id}/setup").status_code == 404, "a feed has no such settings"
    for path, sent in (("mailbox", PLACE), ("page", {}), ("password", {"password": "x"})):
        assert owner.put(f"{id}/{path}", json=sent).status_code == 404


def test_looking_at_other_peoples_servers_is_limited(desk: Desk) -> None:
    program = desk.program()
    answers = [
        program.post("mailboxes/look", json={**PLACE, "host": "127.0.0.1", "port": 1, "password": SECRET})
        for _ in range(11)
    ]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert SECRET not in "".join(answer.text for answer in answers) + desk.audited()


def test_a_mailbox_that_speaks_for_publishers_keeps_its_mail_server(desk: Desk) -> None:
    feed = desk.ingest.add_mailbox(
        "letters", MailboxPlace("imap.firm.example", 993, "letters"), SECRET, title="Newsletters",
        verified_by="mx.firm.example", speaks_for=("wire.example",), ground="We subscribed.",
    )  # fmt: skip
    assert desk.program().put(f"{feed.id}/mailbox", json=PLACE).status_code == 400
