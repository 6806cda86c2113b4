"""The client's time zone, in which a chosen time is read, is for those who may see the draft."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.desk_world import World


def refusal(browser: TestClient, draft_id: str) -> str:
    """Return the answer to an approval for a time that the clocks skip in Paris, and not in UTC."""
    token = browser.get("/").text.split('name="form_token" value="')[1].partition('"')[0]
    fields = {"form_token": token, "version": "1", "when": "chosen", "at": "2026-03-29T02:30"}
    text: str = browser.post(f"/drafts/{draft_id}/approve", data=fields).text
    return text


@pytest.mark.parametrize(("user_id", "said"), [("owner", "The clocks in"), ("manager-june", "There is no such draft.")])
def test_only_those_who_may_see_a_draft_learn_its_clients_zone(tmp_path: Path, user_id: str, said: str) -> None:
    world = World.make(tmp_path)
    answer = refusal(world.browser(user_id), world.draft("claire-arnaud", "warn").id)
    assert said in answer
    assert ("The clocks in" in answer) is (user_id == "owner")
