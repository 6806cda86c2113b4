"""Measure how many messages a client would get about one story: two days of headlines, and three clients who hold the
companies in them.

    python bench/eval_messages.py [--half dev|kept|both] [--list]

The headlines in ../shared/data/stories come from many papers, and are labeled with their story. A client should be told
a story once, and again only if there is news in it. Superseded drafts do not count; a draft on several stories counts
for each.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from bench import eval_stories  # noqa: E402
from firstword.cli.books import require_book  # noqa: E402
from firstword.compose import common  # noqa: E402
from firstword.runtimes.replay import Replay  # noqa: E402
from schemas.alerts import Alert  # noqa: E402
from schemas.drafts import Draft  # noqa: E402
from schemas.items import Item, Source  # noqa: E402

BOOK = Path(__file__).parent / "messages_book.yaml"


class ToldStory(NamedTuple):
    """One story in one message to a client: the gold story, and the alert."""

    client_id: str
    story: str
    alert: Alert
    subject: str


class Messages(NamedTuple):
    """The messages that clients would get, and the number of alerts of each verdict."""

    told: list[ToldStory]
    verdicts: Counter[str]

    def per_story(self) -> float:
        """Return the mean number of messages about a story that a client is told; the ideal is 1."""
        pairs = {(told.client_id, told.story) for told in self.told}
        return len(self.told) / len(pairs) if pairs else 0.0


def _items() -> tuple[list[Item], dict[str, str]]:
    headlines = eval_stories.rows()
    items = [
        Item(
            id=f"itm_{at}",
            title=row["title"],
            url=row["url"],
            published_at=datetime.fromtimestamp(row["published_ms"] / 1000, UTC),
            source=Source(publisher=row["publisher"], host=row["host"]),
        )
        for at, row in enumerate(headlines)
    ]
    return items, {item.id: row["story"] for item, row in zip(items, headlines, strict=True)}


def run(half: str) -> Messages:
    """Replay all headlines; return the messages about the stories of one half."""
    items, story_of = _items()
    counted = eval_stories.counted(story_of.values(), half)
    alerts: dict[str, Alert] = {}
    drafts: dict[str, Draft] = {}
    verdicts: Counter[str] = Counter()
    for emitted in Replay(require_book(BOOK), common.build_pipeline(), ("alerts", "drafts")).run(iter(items)):
        if isinstance(emitted, Alert):
            alerts[emitted.id] = emitted
            verdicts[emitted.verdict] += story_of[emitted.evidence[0].item_id] in counted
        elif isinstance(emitted, Draft):
            drafts.pop(emitted.supersedes or "", None)
            drafts[emitted.id] = emitted
    told_stories = _told_stories(drafts.values(), alerts, story_of)
    return Messages([told for told in told_stories if told.story in counted], verdicts)


def _told_stories(drafts: Iterable[Draft], alerts: dict[str, Alert], story_of: dict[str, str]) -> Iterator[ToldStory]:
    for draft in drafts:
        for alert_id in draft.told_alerts or (draft.alert_id,):
            alert = alerts[alert_id]
            yield ToldStory(draft.client_id, story_of[alert.evidence[0].item_id], alert, draft.subject)


def main() -> None:
    """Print the figures of one half, and with ``--list`` the messages to each client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "kept", "both"), default="dev")
    parser.add_argument("--list", action="store_true", help="print the messages to each client")
    options = parser.parse_args()
    messages = run(options.half)
    stories = Counter((told.client_id, told.story) for told in messages.told)
    print(f"{options.half}: {messages.per_story():.2f} messages per story and client ({len(stories)} stories)")
    print(", ".join(f"{verdict} {count}" for verdict, count in sorted(messages.verdicts.items())))
    if options.list:
        for told in sorted(messages.told, key=lambda told: (told.client_id, told.story, told.alert.raised_at)):
            alert = told.alert
            grade = f"{alert.source_grade}{alert.information_grade}"
            print(f"{told.client_id} {alert.verdict:7} {grade} {alert.kind:16} {alert.entity_name} | {alert.headline}")


if __name__ == "__main__":
    main()
