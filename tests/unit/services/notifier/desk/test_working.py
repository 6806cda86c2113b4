"""The way from one draft to the next, and two people at one draft."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from services.notifier.queries import DraftLine
from tests.desk_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path).with_settings(page_size=50)


def post(browser: TestClient, path: str, line: DraftLine | None = None, **fields: str) -> Response:
    page: str = browser.get("/me").text
    token = page.split('name="form_token" value="', 1)[1].split('"', 1)[0]
    version = {} if line is None else {"version": str(line.version)}
    answer: Response = browser.post(path, data={"form_token": token, **version, **fields})
    return answer


def test_after_a_decision_the_next_draft_of_the_view_opens(world: World) -> None:
    browser, first = world.browser(), world.draft("claire-arnaud", "warn")
    browser.get("/?verdict=warn&group=flat")
    where = post(browser, f"/drafts/{first.id}/dismiss", first, reason="too_late").headers["location"]
    assert where.startswith("/drafts/")
    following = world.line(where.split("/")[2].split("?")[0])
    assert (following.verdict, following.state) == ("warn", "open")
    assert where.endswith("?note=dismissed")
    assert 'href="/?group=flat&amp;verdict=warn" data-up' in browser.get(where).text
    while where.startswith("/drafts/"):
        line = world.line(where.split("/")[2].split("?")[0])
        where = post(browser, f"/drafts/{line.id}/dismiss", line, reason="too_late").headers["location"]
    assert where == "/?group=flat&verdict=warn&note=dismissed", "the view is empty"


def test_who_prefers_it_goes_back_to_the_inbox(world: World) -> None:
    browser, line = world.browser(), world.draft("claire-arnaud", "warn")
    assert post(browser, "/me/ways", shortcuts="yes").status_code == 303
    assert (
        post(browser, f"/drafts/{line.id}/dismiss", line, reason="too_late").headers["location"] == "/?note=dismissed"
    )


def test_keys_can_be_switched_off(world: World) -> None:
    browser = world.browser()
    assert "data-no-keys" not in browser.get("/").text
    post(browser, "/me/ways", open_next="yes")
    assert "data-no-keys" in browser.get("/").text
    page = browser.get("/me").text
    assert 'name="open_next" value="yes" checked' in page
    assert 'name="shortcuts" value="yes">' in page


def test_a_second_editor_sees_both_texts_and_the_one_they_began_with(world: World) -> None:
    mara, owner, line = world.browser("manager-mara"), world.browser(), world.draft("claire-arnaud", "warn")
    base = {"base_subject": line.subject, "base_body": line.body}
    assert post(owner, f"/drafts/{line.id}/edit", line, subject="Theirs", body="Their text").status_code == 303
    path = f"/drafts/{line.id}/edit"
    refused = post(mara, path, line, subject="Mine", body="My text, an hour's work", **base)
    assert refused.status_code == 409
    for text in ("Somebody else has changed this draft", "My text, an hour&#39;s work", "Their text", "You began with"):
        assert text in refused.text
    changed = world.line(line.id)
    assert changed.body == "Their text"
    assert f'name="version" value="{changed.version}"' in refused.text
    assert post(mara, path, changed, subject="Mine", body="Both texts").status_code == 303
    assert world.line(line.id).body == "Both texts"


def test_a_text_for_a_draft_that_is_decided_is_shown_to_be_copied(world: World) -> None:
    line = world.draft("claire-arnaud", "warn")
    world.desk("dismiss", line.id, line.version, "too_late")
    refused = post(world.browser(), f"/drafts/{line.id}/edit", line, subject="Mine", body="My text")
    assert refused.status_code == 409
    assert "This draft is dismissed already" in refused.text
    assert "My text" in refused.text
    assert "Save mine" not in refused.text


def test_colleagues_see_who_is_editing(world: World) -> None:
    mara, owner, line = world.browser("manager-mara"), world.browser(), world.draft("claire-arnaud", "warn")
    path = f"/drafts/{line.id}"
    assert post(mara, f"{path}/editing").json() == {"editors": []}
    assert "Mara is editing this draft." in owner.get(path).text
    assert post(owner, f"{path}/editing").json() == {"editors": ["Mara"]}
    post(mara, f"{path}/editing", closed="yes")
    assert "Mara is editing" not in owner.get(path).text
    assert post(world.browser("manager-june"), f"{path}/editing").status_code == 404
