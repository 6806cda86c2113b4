from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.delivery.channels.base import Outgoing
from services.notifier.delivery.channels.clipboard import MAILTO_LIMIT, Clipboard, mailto


async def test_what_was_sent_by_hand_is_believed() -> None:
    outcome = await Clipboard().send(Outgoing("d", "a@b.example", "A", "Mara", None, "s", "b"))
    assert (outcome.kind, outcome.detail) == ("delivered", "sent by hand by Mara")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60), st.text("äb&?=\n#%+ ", max_size=60))
def test_a_mailto_link_gives_back_what_went_in(subject: str, body: str) -> None:
    link = mailto("a@b.example", subject, body)
    assert link is not None
    parts = urlsplit(link)
    assert parts.path == "a@b.example"
    fields = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert fields["subject"] == [subject]
    assert fields["body"] == [body.replace("\n", "\r\n")]
    assert set(fields) == {"subject", "body"}


def test_a_link_that_would_be_cut_off_is_not_offered() -> None:
    assert mailto("a@b.example", "s", "x" * MAILTO_LIMIT) is None
