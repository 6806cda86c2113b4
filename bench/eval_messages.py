"""Measure how often a client would be written to about one story: the headlines of two days, and three clients who hold
the companies in them.

    python bench/eval_messages.py [--half dev|kept|both] [--list]

The headlines in ../shared/data/stories come from many papers at once, and the data says which of them are one story. A
client should hear of a story once, and again only when there is news in it. What counts is what lies before the manager
in the end: drafts that a later one took the place of are left out, and one that tells several stories counts for each.
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
sys.path.insert(0, str(ROOT))  # so that it may be run as a script

from bench import eval_stories  # noqa: E402
from firstword.cli.books import require_book  # noqa: E402
from firstword.compose import common  # noqa: E402
from firstword.runtimes.replay import Replay  # noqa: E402
from schemas.alerts import Alert  # noqa: E402
from schemas.drafts import Draft  # noqa: E402
from schemas.items import Item, Source  # noqa: E402

BOOK = Path(__file__).parent / "messages_book.yaml"


class Told(NamedTuple):
    """One story in one message that a client would get: which of the data's stories it is, and the alert's words."""

    client_id: str
    story: str
    alert: Alert
    subject: str


class Messages(NamedTuple):
    """What the clients would get, and how many alerts of each verdict there were."""

    told: list[Told]
    verdicts: Counter[str]

    def a_story(self) -> float:
        """How often a client is told of a story that they are told of at all; 1 is what is wished for."""
        pairs = {(one.client_id, one.story) for one in self.told}
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
    """Replay all headlines; what is told of the stories of one half."""
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
    told = list(_told(drafts.values(), alerts, story_of))
    return Messages([one for one in told if one.story in counted], verdicts)


def _told(drafts: Iterable[Draft], alerts: dict[str, Alert], story_of: dict[str, str]) -> Iterator[Told]:
    for draft in drafts:
        for alert_id in draft.told_alerts or (draft.alert_id,):
            alert = alerts[alert_id]
            yield Told(draft.client_id, story_of[alert.evidence[0].item_id], alert, draft.subject)


def main() -> None:
    """Print the figures of the half that was asked for, and with ``--list`` what each client would be told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "kept", "both"), default="dev")
    parser.add_argument("--list", action="store_true", help="print what each client would be told")
    given = parser.parse_args()
    found = run(given.half)
    stories = Counter((one.client_id, one.story) for one in found.told)
    print(f"{given.half}: {found.a_story():.2f} messages a story that a client is told of ({len(stories)} of them)")
    print(", ".join(f"{verdict} {count}" for verdict, count in sorted(found.verdicts.items())))
    if given.list:
        for one in sorted(found.told, key=lambda one: (one.client_id, one.story, one.alert.raised_at)):
            alert = one.alert
            grade = f"{alert.source_grade}{alert.information_grade}"
            print(f"{one.client_id} {alert.verdict:7} {grade} {alert.kind:16} {alert.entity_name} | {alert.headline}")


if __name__ == "__main__":
    main()
