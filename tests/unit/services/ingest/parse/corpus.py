"""The corpus of feeds, each with its expected result next to it: ``<name>.expected.json``.

``python -m tests.unit.services.ingest.parse.corpus`` updates the expected results; read the diff before you commit it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import parse_feed
from services.ingest.parse.item_lines import dump_item

FEEDS = Path(__file__).parents[4] / "corpus" / "feeds"
FEED_URL = "https://feeds.example.org/news/feed.xml"
FETCHED_AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_SHOWN = (
    "url", "title", "summary", "body", "language", "published_at", "updated_at", "dated", "authors", "categories",
)  # fmt: skip


def documents() -> list[Path]:
    """Return the documents of the corpus, sorted by name."""
    return sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json"))


def expectation(document: Path) -> Path:
    """Return the path of the expected result of ``document``."""
    return document.with_name(f"{document.name}.expected.json")


def outcome(raw: bytes) -> dict[str, Any]:
    """Parse ``raw``, and return the part of the result that is compared, without empty fields."""
    try:
        feed = parse_feed(raw, feed_url=FEED_URL, fetched_at=FETCHED_AT)
    except NotAFeed as error:
        return {"not_a_feed": error.message, "fix": error.fix}
    items = []
    for parsed in feed.items:
        values = json.loads(dump_item(parsed.item))
        shown = {name: values[name] for name in _SHOWN if values[name]}
        items.append({"guid": parsed.guid, **shown, "publisher": values["source"]["publisher"]})
    head = {
        name: getattr(feed, name) for name in ("format", "title", "site_url", "language", "ttl_seconds", "left_out")
    }
    return {**head, "warnings": list(feed.warnings), "items": items}


def main() -> None:
    """Update all expected results."""
    for document in documents():
        text = json.dumps(outcome(document.read_bytes()), ensure_ascii=False, indent=1)
        expectation(document).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
