from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import Engine, select, update

from firstword.storage.engine import open_database
from services.common.db import reading
from services.common.errors import BadInput
from services.notifier.desk import auth
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, DeskSettings, FeedView
from services.notifier.desk.security import HEADERS
from services.notifier.desk.sessions import SignIn
from services.notifier.desk.tokens import create_api_token
from services.notifier.queries import DraftLine
from services.notifier.tables import audit_log, clients, signin_links, users
from tests.desk_data import NOW
from tests.desk_world import SETTINGS, World
from tests.fakes import CollectingPublisher, FakeClock

FEEDS = (
    FeedView(
        "f1",
        "https://a.example/feed",
        "ok",
        publisher="Northgate Wire",
        last_new_at=NOW,
        speaks_for=("northgate-wire.example",),
    ),
    FeedView(
        "f2",
        "https://b.example/feed",
        "unreachable",
        reason="b.example can't be found.",
        fix="Check its name.",
        channel="b.example",
    ),
)
PAGES = (
    "/",
    "/me",
    "/held",
    "/noticed",
    "/sent",
    "/clients",
    "/clients/claire-arnaud",
    "/decisions",
    "/advice",
    "/feeds",
    "/managers",
    "/audit",
    "/sent?status=unknown",
)
API = ("drafts", "clients", "held", "noticed", "advice", "feeds", "health")


@pytest.fixture
def world(database: Engine) -> World:
    world = World.on(database)
    world.feeds = FEEDS
    return world


def form_token(client: TestClient) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]


def post(client: TestClient, path: str, line: DraftLine | None = None, **fields: str) -> int:
    version = {} if line is None else {"version": str(line.version)}
    status: int = client.post(path, data={"form_token": form_token(client), **version, **fields}).status_code
    return status


# --- signing in ---------------------------------------------------------------------------------------------------


def test_a_link_works_once_and_only_its_hash_is_stored(world: World) -> None:
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "owner", NOW)
        kept = connection.execute(select(signin_links.c.token_hash)).scalars().all()
    assert token not in kept
    first, second = world.browser(None), world.browser(None)
    opened = first.get("/signin", params={"token": token})
    assert (opened.status_code, "set-cookie" in opened.headers) == (200, False), "a preview does not use it up"
    assert f'value="{token}"' in opened.text
    answer = first.post("/signin", data={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    assert second.post("/signin", data={"token": token}).status_code == 403
    assert first.post("/signin", data={"token": token}).headers["location"] == "/", "a signed-in user is let through"
    assert first.get("/").status_code == 200


def test_a_link_expires(world: World) -> None:
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "owner", NOW, valid_for=timedelta(minutes=5))
    world.clock.advance(minutes=6)
    assert world.browser(None).post("/signin", data={"token": token}).status_code == 403


def test_over_https_the_cookie_is_secure(world: World) -> None:
    client = world.with_settings(base_url="https://desk.example").browser(None)
    with world.engine.begin() as connection:
        token = auth.create_signin_link(connection, "owner", NOW)
    answer = client.post("/signin", data={"token": token})
    assert "Secure" in answer.headers["set-cookie"]
    assert "strict-transport-security" in answer.headers


@pytest.mark.parametrize("path", [*PAGES, "/drafts/x", "/alerts/x", "/nowhere"])
def test_nobody_sees_anything_without_signing_in(world: World, path: str) -> None:
    answer = world.browser(None).get(path)
    assert answer.status_code in (303, 404)
    assert "Arnaud" not in answer.text


@pytest.mark.parametrize("name", API)
def test_the_api_answers_nobody_without_a_token(world: World, name: str) -> None:
    client = world.browser(None)
    assert client.get(f"/api/v1/{name}").status_code == 401
    assert client.get(f"/api/v1/{name}", headers={"Authorization": "Bearer fw_guess"}).status_code == 401


def test_a_forged_or_foreign_cookie_signs_nobody_in(world: World) -> None:
    other = auth.Sessions("another secret, also long enough to sign with", timedelta(days=1))
    with world.engine.begin() as connection:
        forged = other.issue(connection, "owner", SignIn("link", "Firefox", "192.0.2.0/24"), NOW)
    client = world.browser(None)
    for cookie in (forged, "rubbish", ""):
        client.cookies.set(auth.SESSION_COOKIE, cookie)
        assert client.get("/").status_code == 303


@pytest.mark.parametrize("change", [{"session_epoch": 1}, {"disabled_at": NOW}])
def test_sessions_can_be_ended(world: World, change: dict[str, object]) -> None:
    client = world.browser()
    with world.engine.begin() as connection:
        connection.execute(update(users).values(**change))
    assert client.get("/").status_code == 303


def test_signing_out_ends_all_sessions_of_the_user(world: World) -> None:
    client, elsewhere, colleague = world.browser(), world.browser(), world.browser("manager-mara")
    client.get("/?client=arnaud")
    assert "arnaud" in client.cookies["firstword_view"]
    assert post(client, "/signout") == 303
    assert "firstword_view" not in client.cookies  # it may name a client
    assert client.get("/").status_code == 303
    assert elsewhere.get("/").status_code == 303
    assert colleague.get("/").status_code == 200


@pytest.mark.parametrize("change", [{"removed": True}, {"manager_id": "mara"}])
def test_a_session_and_a_token_end_when_the_manager_leaves_the_book(world: World, change: dict[str, object]) -> None:
    with world.engine.begin() as connection:
        bearer = {"Authorization": f"Bearer {create_api_token(connection, 'manager-june', NOW)}"}
    client, program = world.browser("manager-june"), world.browser(None)
    assert client.get("/").status_code == 200
    assert program.get("/api/v1/drafts", headers=bearer).status_code == 200
    with world.engine.begin() as connection:
        connection.execute(update(clients).where(clients.c.manager_id == "june").values(**change))
    assert client.get("/").status_code == 303
    assert program.get("/api/v1/drafts", headers=bearer).status_code == 401


def test_a_short_secret_is_refused(world: World) -> None:
    deps = DeskDependencies(
        world.engine, world.publisher, world.clock, DeskSettings(secret="short", base_url="http://x")
    )
    with pytest.raises(BadInput, match="32"):
        create_app(deps)


# --- security ------------------------------------------------------------------------------------------


def test_every_answer_has_the_security_headers(world: World) -> None:
    client = world.browser()
    for path in ("/", "/nowhere", "/healthz", "/static/desk.css", "/api/v1/drafts"):
        headers = client.get(path).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS
    page = client.get("/").text
    assert "<script>" not in page
    assert " style=" not in page
    assert " onclick" not in page


def test_other_host_names_are_refused_except_for_probes(world: World) -> None:
    client = world.browser()
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8080"}).status_code == 200
    assert client.get("/readyz", headers={"Host": "10.0.0.7:8080"}).json() == {"ready": True, "waiting_for": []}


def test_a_form_from_another_site_or_session_changes_nothing(world: World) -> None:
    client, line = world.browser(), world.draft("claire-arnaud", "warn")
    data = {"version": "0", "form_token": form_token(client)}
    path = f"/drafts/{line.id}/approve"
    assert client.post(path, data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post(path, data={"version": "0"}).status_code == 400
    assert client.post(path, data=data | {"form_token": form_token(world.browser())}).status_code == 400
    assert client.post(path, data=data | {"comment": "x" * 300_000}).status_code == 413
    assert world.line(line.id).state == "open"
    assert client.post(path, data=data, headers={"Origin": "http://testserver"}).status_code == 303


@pytest.mark.parametrize("act", ["edit", "approve", "take-back", "dismiss", "sent", "outcome"])
def test_every_action_needs_the_form_token(world: World, act: str) -> None:
    client, line = world.browser(), world.draft("claire-arnaud", "warn")
    fields = {"version": "0", "subject": "s", "body": "b", "reason": "other", "outcome": "replied"}
    assert client.post(f"/drafts/{line.id}/{act}", data=fields).status_code == 400
    assert world.line(line.id).version == 0


def test_a_manager_sees_their_own_clients_only(world: World) -> None:
    june = world.browser("manager-june")
    theirs, other = world.draft("brightwater"), world.draft("claire-arnaud")
    assert june.get(f"/drafts/{theirs.id}").status_code == 200
    alert = other.alert
    assert alert is not None
    for path in (f"/drafts/{other.id}", "/clients/claire-arnaud", f"/alerts/{alert.id}"):
        assert june.get(path).status_code == 404
        assert june.get(path).text == june.get(path.replace(path.rsplit("/", 1)[1], "guess")).text
    for path in PAGES:
        assert "Arnaud" not in june.get(path).text
    for name in ("drafts", "clients", "held"):
        assert "claire" not in june.get(f"/api/v1/{name}").text
    assert june.get(f"/api/v1/drafts/{other.id}").status_code == 404
    assert post(june, f"/drafts/{other.id}/approve", other) == 404
    assert post(june, "/feeds", url="https://c.example/feed") == 403
    assert world.feed_notes.done == []


# --- pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown(world: World, path: str) -> None:
    answer = world.browser().get(path)
    assert answer.status_code == 200
    assert "Sample data" in answer.text
    assert "Europe/Stockholm" in answer.text


def test_the_inbox_is_sorted_by_deadline_and_shows_problems(world: World) -> None:
    text = world.with_settings(page_size=50).browser().get("/").text
    order = ("Tillgate", "Halden Energy lowers", "Corvane Pharma said", "Past their deadline", "card payments")
    places = [text.index(title) for title in order]
    assert places == sorted(places)
    assert "1 of 2 feeds has a problem" in text
    assert "B.example can&#39;t be found." in text
    assert "يوسف الحداد" in text


def test_the_feeds_page_says_for_whom_somebody_vouched(world: World) -> None:
    text = world.browser().get("/feeds").text
    assert text.count("speaks for") == 1
    assert "https://a.example/feed; speaks for northgate-wire.example" in text


def test_an_empty_inbox_explains_what_will_happen(tmp_path: Path) -> None:
    text = World.make(tmp_path, []).browser().get("/").text
    assert "Nothing to decide." in text
    assert "a draft appears here" in text
    assert "Sample data" not in text


def test_a_draft_is_shown_beside_its_evidence(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    text = world.browser().get(f"/drafts/{line.id}").text
    for said in (
        "not usually reliable",
        "possibly true",
        "reported with reservations",
        "according to unnamed sources",
        "Claire Arnaud holds Corvane",
    ):
        assert said in text
    assert 'rel="noopener noreferrer"' in text
    assert re.search(r'<mark class="evidence" data-ref="itm_\w+"', text)
    assert '<mark class="book"' in text


def test_without_mail_the_page_explains_what_to_do(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    client = world.with_settings(mail_channel=False).browser()
    assert post(client, f"/drafts/{line.id}/approve", line) == 400
    assert world.line(line.id).state == "open"
    text = client.get(f"/drafts/{line.id}").text
    assert "Approve" not in text
    assert "Mail isn't set up" in text
    assert "mailto:claire@arnaud.example" in text
    assert '<dt>To</dt><dd dir="auto">claire@arnaud.example</dd>' in text
    assert str(escape(SETTINGS.mail_fix)) in text


def test_html_in_texts_is_escaped(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("edit", line.id, 0, "<script>alert(1)</script>", '<img src=x onerror="alert(2)">')
    client = world.browser()
    for path in ("/", f"/drafts/{line.id}", f"/drafts/{line.id}?edit"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_long_lists_are_paged(world: World) -> None:
    client = world.browser()
    pages = [client.get("/", params={"group": "flat", "page": number}).text for number in (1, 2, 99, "x", "-1")]
    assert "Page 1 of 2" in pages[0]
    assert "Page 2 of 2" in pages[1]
    assert "Page 2 of 2" in pages[2]
    assert pages[3].count("row-link") == pages[0].count("row-link") == 5


# --- actions -------------------------------------------------------------------------------------------------


def test_a_draft_is_edited_approved_and_taken_back(world: World) -> None:
    client, line = world.browser(), world.draft("claire-arnaud", "warn")
    at = f"/drafts/{line.id}"
    assert post(client, f"{at}/edit", line, subject="Unconfirmed: another", body=line.body) == 303
    assert post(client, f"{at}/approve", line) == 409, "an older version"
    assert post(client, f"{at}/approve", world.line(line.id)) == 303
    assert "Waiting to be sent" in client.get("/").text
    assert post(client, f"{at}/take-back", world.line(line.id)) == 303
    assert world.line(line.id).state == "edited"
    assert post(client, f"{at}/dismiss", world.line(line.id), reason="not a reason") == 422
    assert post(client, f"{at}/dismiss", world.line(line.id), reason="too_late", comment="He rang") == 303
    assert "Too late: He rang" in client.get("/decisions").text


def test_a_second_click_shows_what_happened(world: World) -> None:
    client, line = world.browser(), world.draft("claire-arnaud", "warn")
    data = {"form_token": form_token(client), "version": "0"}
    assert client.post(f"/drafts/{line.id}/sent", data=data).status_code == 303
    again = client.post(f"/drafts/{line.id}/sent", data=data)
    assert again.status_code == 409
    assert "it is sent (today 09:20 CET)" in again.text
    assert world.types().count("draft.approved") == 1


def test_feeds_are_changed_by_the_owner(world: World) -> None:
    client = world.browser()
    assert post(client, "/feeds", url="https://c.example/feed") == 303
    assert post(client, "/feeds", url="gopher://c.example") == 400
    assert post(client, "/feeds/f1/pause") == 303
    assert post(client, "/feeds/unknown/remove") == 404
    assert world.feed_notes.done == [("add", "https://c.example/feed"), ("pause", "f1")]


def test_times_are_shown_in_the_users_zone(world: World) -> None:
    client = world.browser()
    assert post(client, "/me/time-zone", name="Mars/Olympus") == 400
    assert post(client, "/me/time-zone", name="Asia/Kathmandu") == 303
    with world.engine.begin() as connection:
        auth.ensure_owner(connection, NOW)
    assert "+0545" in client.get("/").text
    assert "Asia/Kathmandu" in client.get("/me").text


def test_reads_of_client_data_are_in_the_audit_log(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    client = world.browser("manager-mara")
    client.get("/")
    client.get(f"/drafts/{line.id}")
    client.get("/clients/claire-arnaud")
    client.get("/clients/brightwater")
    with reading(world.engine) as connection:
        rows = connection.execute(select(audit_log.c.user_id, audit_log.c.action, audit_log.c.subject)).all()
    assert [tuple(row) for row in rows] == [
        ("manager-mara", "signin", "link"),
        ("manager-mara", "drafts.listed", "drafts"),
        ("manager-mara", "draft.read", line.id),
        ("manager-mara", "client.read", "claire-arnaud"),
    ]


# --- API and probes -------------------------------------------------------------------------------------------------


def test_the_api_works_with_a_bearer_token(world: World) -> None:
    with world.engine.begin() as connection:
        token = create_api_token(connection, "manager-mara", NOW)
    client = world.browser(None)
    client.headers["Authorization"] = f"Bearer {token}"
    listed = client.get("/api/v1/drafts").json()
    assert listed["total"] == 7
    assert [draft["deadline_at"] for draft in listed["items"]] == sorted(
        draft["deadline_at"] for draft in listed["items"]
    )
    line = world.draft("claire-arnaud", "warn")
    at = f"/api/v1/drafts/{line.id}"
    assert client.get(at).json()["alert"]["evidence"][0]["publisher"] == "Market Whisper"
    edited = client.post(f"{at}/edit", json={"version": 0, "subject": "S", "body": "It rose 99%."}).json()
    assert ("99%", "nowhere") in [(entry["text"], entry["where"]) for entry in edited["grounding"]]
    assert client.post(f"{at}/approve", json={"version": 0}).status_code == 409
    blocked = client.post(f"{at}/approve", json={"version": edited["version"]})
    assert (blocked.status_code, blocked.json()["type"]) == (409, "urn:firstword:problem:gate.blocked")
    text = {"subject": line.subject, "body": line.body.replace("How do you see it?", "What do you think of it?")}
    edited = client.post(f"{at}/edit", json={"version": 1, **text}).json()
    approved = client.post(f"{at}/approve", json={"version": edited["version"]}).json()
    assert approved["state"] == "approved"
    other = world.draft("yusuf")
    assert client.post(f"/api/v1/drafts/{other.id}/dismiss", json={"version": 0, "reason": "x"}).status_code == 422
    dismissal = {"version": 0, "reason": "too_many"}
    assert client.post(f"/api/v1/drafts/{other.id}/dismiss", json=dismissal).status_code == 200
    assert client.get("/api/v1/health").json()["feeds_with_a_problem"] == ["f2"]
    assert client.get(f"/api/v1/alerts/{line.draft.alert_id}").json()["verdict"] == "warn"
    assert client.get("/api/v1/nowhere").json()["error"]


def test_mood_and_traits_are_recorded_by_the_api(world: World) -> None:
    with world.engine.begin() as connection:
        token = create_api_token(connection, "manager-mara", NOW)
    client = world.browser(None)
    client.headers["Authorization"] = f"Bearer {token}"
    at = "/api/v1/clients/claire-arnaud"
    world.desk("log_contact", "claire-arnaud", at=NOW, channel="phone", minutes=None, summary="She was furious.")
    world.apply(world.publisher.events)
    state = client.get(f"{at}/mood").json()
    assert (state["mood"], state["suggestion"]["words"]) == ("calm", "furious")
    assert client.post(f"{at}/mood", json={"mood": "upset"}).json() == {"client_id": "claire-arnaud"}
    world.apply(world.publisher.events[-1:])
    state = client.get(f"{at}/mood").json()
    assert (state["mood"], state["suggestion"]) == ("upset", None)
    assert client.post(f"{at}/mood", json={"mood": "sad"}).status_code == 422
    assert client.post(f"{at}/traits", json={"risk": "high"}).status_code == 400, "the book states it"
    assert client.get("/api/v1/clients/brightwater/mood").status_code == 404
    assert client.post("/api/v1/clients/brightwater/mood", json={"mood": "upset"}).status_code == 404


def test_a_session_needs_its_form_token_for_changes_by_the_api(world: World) -> None:
    client, line = world.browser(), world.draft("claire-arnaud", "warn")
    at = f"/api/v1/drafts/{line.id}/approve"
    assert client.post(at, json={"version": 0}).status_code == 400
    headers = {"X-Form-Token": form_token(client)}
    assert client.post(at, json={"version": 0}, headers=headers).status_code == 200


def test_metrics_need_the_token_or_this_machine(world: World) -> None:
    registry = CollectorRegistry()
    Counter("drafts", "Drafts.", registry=registry).inc()
    settings = DeskSettings(
        secret=SETTINGS.secret, base_url="http://testserver", allowed_hosts=("testserver",), metrics_token="m3trics"
    )
    deps = DeskDependencies(world.engine, world.publisher, world.clock, settings, metrics=registry)
    client = TestClient(create_app(deps))
    assert client.get("/metrics").status_code == 404
    assert "drafts_total 1.0" in client.get("/metrics", headers={"Authorization": "Bearer m3trics"}).text
    loopback = TestClient(
        create_app(DeskDependencies(world.engine, world.publisher, world.clock, SETTINGS, metrics=registry))
    )
    assert loopback.get("/metrics").status_code == 404, "the test client is not on this machine"


def test_readiness_names_the_parts_that_are_missing(world: World) -> None:
    deps = DeskDependencies(world.engine, world.publisher, world.clock, SETTINGS, ready=lambda: ["runtime"])
    answer = TestClient(create_app(deps)).get("/readyz")
    assert (answer.status_code, answer.json()["waiting_for"]) == (503, ["runtime"])


@pytest.mark.parametrize("path", ["/", "/api/v1/drafts"])
def test_an_unreachable_database_is_reported(path: str) -> None:
    away = open_database("postgresql://ann:tellnobody@127.0.0.1:1/news")
    app = create_app(DeskDependencies(away, CollectingPublisher(), FakeClock(NOW), SETTINGS))
    known = {"Authorization": "Bearer x"} if path.startswith("/api") else {}
    answer = TestClient(app, follow_redirects=False).get(path, headers=known)
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text
    assert "tellnobody" not in answer.text
    away.dispose()
