from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, parse_feed
from tests.unit.services.ingest.parse.corpus import FEED_URL, FETCHED_AT, documents, expectation, outcome

DOCUMENTS = documents()
SHARED = Path(__file__).parents[5].parent / "shared" / "data" / "feeds"


def read(raw: bytes) -> ParsedFeed | None:
    try:
        return parse_feed(raw, feed_url=FEED_URL, fetched_at=FETCHED_AT)
    except NotAFeed as error:
        if not (error.message and error.fix):
            raise
        return None


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_document_gives_its_expected_result(document: Path) -> None:
    assert outcome(document.read_bytes()) == json.loads(expectation(document).read_text(encoding="utf-8"))


@given(st.binary(max_size=2_000))
@example(b"<rss>")
@example(b"<?xml")
@example(b'{"version": "https://jsonfeed.org/version/1", "items": [1, null, {}]}')
def test_any_bytes_are_either_a_feed_or_refused(raw: bytes) -> None:
    read(raw)


@given(st.data())
def test_a_damaged_feed_raises_no_other_error(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(DOCUMENTS)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 60))
        raw[at : at + length] = data.draw(st.binary(max_size=20) | st.sampled_from([b"<", b"&", b"]]>", b"</item>"]))
    read(bytes(raw))


@given(st.integers(0, 2_000))
def test_a_feed_that_is_cut_off_gives_a_part_of_the_whole(at: int) -> None:
    raw = next(path for path in DOCUMENTS if path.name == "rss20.xml").read_bytes()
    whole, part = read(raw), read(raw[:at])
    assert whole is not None
    if part is not None:
        assert {parsed.item for parsed in part.items} <= {parsed.item for parsed in whole.items}
        assert part.items == whole.items or part.warnings


@pytest.mark.data
def test_all_public_feeds_are_parsed() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: put the labelled collections there")
    results = {path.name: read(path.read_bytes()) for path in sorted((SHARED / "formats").iterdir())}
    refused = {name for name, feed in results.items() if feed is None}
    assert refused == {"rss_2.0_invalid_1.xml", "xml_sample_1.xml", "xml_sample_2.xml"}
    assert all(feed.items for feed in results.values() if feed)


@pytest.mark.parametrize(
    "document",
    ["hush-hush", "<secret>hush-hush</secret>", "<hush-hush/>", "<html><title>hush-hush</title></html>",
     "<rss><hush-hush>", '{"key": "hush-hush"', '["hush-hush"]', '{"version": "hush-hush"}'],
)  # fmt: skip
def test_what_is_no_feed_is_not_quoted(document: str) -> None:
    with pytest.raises(NotAFeed) as refused:
        parse_feed(document.encode(), feed_url=FEED_URL, fetched_at=FETCHED_AT)
    assert "hush" not in f"{refused.value.message} {refused.value.fix}"
