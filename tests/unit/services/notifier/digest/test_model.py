"""The contents and order of a digest. Its three forms say the same, and no headline becomes markup."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import DigestPreferences, Manager
from services.notifier.digest.model import SECTIONS, DigestLine, build_digest, digest_due
from services.notifier.digest.render import as_html, as_markdown, as_text, subject_of, summary

NOW = datetime(2026, 3, 5, 6, 45, tzinfo=UTC)
MARA = Manager(id="mara", name="Mara Lindqvist", time_zone="Europe/Stockholm")
BASE = "https://desk.example"


def a_line(section: str = "send", client: str = "claire", **more: object) -> DigestLine:
    fields: dict[str, object] = {
        "client_id": client,
        "client_name": client.title(),
        "organisation": None,
        "title": f"News for {client}",
        "path": "/drafts/drf_1",
        "deadline_at": NOW + timedelta(hours=4),
        **more,
    }
    return DigestLine(section, **fields)  # type: ignore[arg-type]


def test_the_most_important_comes_first_grouped_by_client() -> None:
    made = build_digest(
        MARA,
        [
            a_line("ask", "ada"),
            a_line("send", "henrik", deadline_at=NOW + timedelta(hours=9)),
            a_line("send", "claire", urgency="urgent", deadline_at=NOW + timedelta(hours=20)),
            a_line("due", "henrik"),
            a_line("correct", "odd", urgency="low"),
            a_line("correct", "henrik", urgency="high"),
        ],
        NOW,
    )
    assert [client.client_id for client in made.clients] == ["henrik", "odd", "claire", "ada"]
    assert [line.section for line in made.clients[0].lines] == ["correct", "send", "due"]
    assert summary(made) == (
        "2 corrections, 2 messages to send, 1 client due for contact, 1 rumor clients may ask about."
    )
    assert subject_of(made) == "Thursday 5 March: 4 messages to send"


def test_an_empty_digest_is_one_line() -> None:
    made = build_digest(MARA, [], NOW)
    assert subject_of(made) == "Thursday 5 March: nothing to do"
    for view in (as_text, as_markdown, as_html):
        assert "Nothing to send, no replies, no contact due." in view(made, BASE)


def test_a_late_digest_says_so() -> None:
    made = build_digest(MARA, [a_line()], NOW, wanted_at=NOW - timedelta(hours=3))
    assert subject_of(made).startswith("Thursday 5 March (late)")
    for view in (as_text, as_markdown, as_html):
        assert "This digest is 3 hours late" in view(made, BASE)
    assert build_digest(MARA, [], NOW, wanted_at=NOW - timedelta(minutes=2)).late_by is None


def test_headlines_are_shown_unchanged() -> None:
    nasty = "<script>alert(1)</script> [click](https://evil.example) *bold*\n# Heading"
    made = build_digest(MARA, [a_line(title=nasty, client_name="A <b> & Co", detail=(nasty,))], NOW)
    page, marked = as_html(made, BASE), as_markdown(made, BASE)
    assert "<script>" not in page
    assert "A &lt;b&gt; &amp; Co" in page
    assert "[click](https://evil" not in marked
    assert "\n# Heading" not in marked
    assert "\n# Heading" not in as_text(made, BASE)


@given(st.lists(st.builds(a_line, st.sampled_from(SECTIONS), st.sampled_from(["ada", "claire", "odd"]))))
def test_every_line_is_in_every_form_once(lines: list[DigestLine]) -> None:
    numbered = [a_line(entry.section, entry.client_id, title=f"Title{at}x") for at, entry in enumerate(lines)]
    made = build_digest(MARA, numbered, NOW)
    for view in (as_text, as_markdown, as_html):
        text = view(made, BASE)
        assert all(text.count(line.title) == 1 for line in numbered)
    assert build_digest(MARA, reversed(numbered), NOW).count("send") == made.count("send")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 3, 5, 6, 29, tzinfo=UTC), None),
        (datetime(2026, 3, 5, 6, 30, tzinfo=UTC), ("2026-03-05", datetime(2026, 3, 5, 6, 30, tzinfo=UTC))),
        (datetime(2026, 3, 5, 22, 59, tzinfo=UTC), ("2026-03-05", datetime(2026, 3, 5, 6, 30, tzinfo=UTC))),
        (datetime(2026, 3, 7, 12, 0, tzinfo=UTC), None),  # a Saturday
        # Clocks go forward on Sunday 29 March: half past seven is half past five UTC from then on.
        (datetime(2026, 3, 30, 5, 30, tzinfo=UTC), ("2026-03-30", datetime(2026, 3, 30, 5, 30, tzinfo=UTC))),
    ],
)
def test_a_digest_is_due_at_the_managers_own_hour(now: datetime, due: object) -> None:
    assert digest_due(DigestPreferences(hour=time(7, 30)), ZoneInfo("Europe/Stockholm"), now) == due
