from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from services.notifier.delivery.mailto import MAILTO_LIMIT, mailto


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
