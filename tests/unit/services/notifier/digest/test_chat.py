"""A digest in a chat: the same text with links, never markup, within the services' limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Manager
from services.notifier.delivery.channels import slack, teams
from services.notifier.delivery.channels.base import Outgoing, Run
from services.notifier.digest.chat import digest_chat, read, stored
from services.notifier.digest.model import DigestLine, build_digest

NOW = datetime(2026, 3, 5, 8, 20, tzinfo=UTC)
MARA = Manager(id="mara", name="Mara", time_zone="Europe/Stockholm")
BASE = "https://desk.example"
#: Microsoft's limit for a message sent by a workflow.
TEAMS_BYTES = 28_000


def line(number: int, title: str = "Halden cuts", **more: Any) -> DigestLine:
    client = f"c{number % 9}"
    return DigestLine("send", client, f"Client {client}", "Org & <Co>", title, f"/drafts/drf_{number}", **more)


def message(chat: tuple[tuple[Run, ...], ...]) -> Outgoing:
    subject = "Thursday 5 March: 3 messages to send"
    return Outgoing("dig_1", "manager:mara", "", "Firstword", None, subject, "…", chat=chat)


def test_each_entry_has_its_link() -> None:
    lines = [line(n, f"Title {n}", unconfirmed=n == 1, deadline_at=NOW + timedelta(hours=2)) for n in range(3)]
    made = digest_chat(build_digest(MARA, lines, NOW, wanted_at=NOW - timedelta(hours=3)), BASE)
    words = ["".join(run.text for run in paragraph) for paragraph in made]
    assert words[0] == "This digest is 3 hours late because Firstword was not running."
    assert "3 messages to send" in words[1]
    assert any("unconfirmed: Title 1 by today 11:20" in word for word in words)
    links = {run.text: run.url for paragraph in made for run in paragraph if run.url}
    assert links["Title 2"] == "https://desk.example/drafts/drf_2"


@pytest.mark.parametrize("title", ["x", "Überraschung " * 12, "東京証券取引所 " * 30])
def test_a_long_digest_stays_within_the_limits_and_counts_the_rest(title: str) -> None:
    lines = [line(n, f"{title} {n}", detail=("One sentence.", "Another one.")) for n in range(400)]
    made = digest_chat(build_digest(MARA, lines, NOW), BASE)
    assert len(json.dumps(teams.document(message(made)), ensure_ascii=False).encode()) < TEAMS_BYTES
    (left,) = [paragraph[0].text for paragraph in made if paragraph[0].text.startswith("… and ")]
    shown = sum(bool(run.url) for paragraph in made for run in paragraph) - 1
    assert left == f"… and {400 - shown} more in Firstword."
    assert made[-1][0].url == "https://desk.example/digest"


@given(st.lists(st.lists(st.builds(Run, st.text(max_size=9), st.none() | st.just("https://d.example/1")), max_size=3)))
def test_no_run_is_empty_and_none_is_markup(paragraphs: list[list[Run]]) -> None:
    chat = tuple(map(tuple, paragraphs))
    assert read(json.loads(json.dumps(stored(chat)))) == chat
    body = json.dumps([slack.document(message(chat)), teams.document(message(chat))])
    assert '"text": ""' not in body
    assert "mrkdwn" not in body
    assert '"TextBlock"' not in body
