"""Measure how many messages a client would get: about one story, and in a week.

    python bench/eval_messages.py [--half dev|kept|both] [--weeks] [--list]

For the messages about a story, two days of headlines are replayed to three clients who hold the companies in them. For
the messages of a week (``--weeks``), months of news in ../shared/data/news to five clients of several trades. Nobody
decides on the drafts, so each that isn't superseded counts as a message of the week in which it was created.

The headlines in ../shared/data/stories come from many papers, and are labeled with their story. A client should be told
a story once, and again only if there is news in it. Superseded drafts do not count; a draft on several stories counts
for each.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from bench import eval_stories  # noqa: E402
from firstword.cli.books import require_book  # noqa: E402
from firstword.compose import common  # noqa: E402
from firstword.runtimes.replay import Replay, in_time_order  # noqa: E402
from schemas.alerts import Alert  # noqa: E402
from schemas.drafts import Draft  # noqa: E402
from schemas.items import Item, Source  # noqa: E402
from services.matcher.sources.channels import trust_source  # noqa: E402
from services.matcher.sources.publishers import default_sources  # noqa: E402

BOOK = Path(__file__).parent / "messages_book.yaml"
WEEKS_BOOK = Path(__file__).parent / "weeks_book.yaml"
NEWS = ROOT.parent / "shared" / "data" / "news" / "items.jsonl"
#: The parts of the news that cover whole days.
DENSE_SETS = frozenset(("cryptoheads", "crypto2022", "markethub2026", "livetech2026", "rumca2022", "yahoo2025"))
WEEK = timedelta(days=7)
#: A year and a week of it (ISO 8601).
Week = tuple[int, int]


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
    items = [trust_source(item, default_sources()) for item in items]
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


class Weeks(NamedTuple):
    """The messages of each client and week in which there was news, and the most in any seven days."""

    per_week: list[int]
    most: int

    def text(self) -> str:
        """Return mean, 95th percentile and maximum."""
        if not self.per_week:
            return "no weeks"
        ranked = sorted(self.per_week)
        high = ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
        return f"mean {sum(ranked) / len(ranked):.2f}, p95 {high}, max {ranked[-1]}, most in any seven days {self.most}"


def weeks_of(drafts: Iterable[Draft], client_weeks: Iterable[tuple[str, Week]]) -> Weeks:
    """Return how many of ``drafts`` fall into each of ``client_weeks``."""
    counts = dict.fromkeys(client_weeks, 0)
    moments: dict[str, list[datetime]] = {}
    for draft in drafts:
        counts[draft.client_id, _week(draft.created_at)] = counts.get((draft.client_id, _week(draft.created_at)), 0) + 1
        moments.setdefault(draft.client_id, []).append(draft.created_at)
    most = max(
        (sum(at <= other < at + WEEK for other in times) for times in moments.values() for at in times), default=0
    )
    return Weeks(list(counts.values()), most)


def _week(moment: datetime) -> Week:
    return moment.isocalendar()[:2]


def run_weeks() -> tuple[dict[str, Draft], Weeks, Weeks]:
    """Replay months of news; return the standing drafts, all messages by week, and those within the weekly budget."""
    items = [item for item in map(_news_item, NEWS.open(encoding="utf-8")) if item is not None]
    book = require_book(WEEKS_BOOK)
    news_weeks = {_week(item.published_at) for item in items if item.published_at is not None}
    client_weeks = [(client.id, week) for client in book.clients for week in sorted(news_weeks)]
    drafts: dict[str, Draft] = {}
    for emitted in Replay(book, common.build_pipeline(), ("drafts",)).run(iter(in_time_order(items))):
        if isinstance(emitted, Draft):
            drafts.pop(emitted.supersedes or "", None)
            drafts[emitted.id] = emitted
    within = [draft for draft in drafts.values() if draft.budget == "within"]
    return drafts, weeks_of(drafts.values(), client_weeks), weeks_of(within, client_weeks)


def _news_item(line: str) -> Item | None:
    raw = json.loads(line)
    if raw["set"] not in DENSE_SETS:
        return None
    fields = ("id", "url", "title", "summary", "body", "published_at", "fetched_at")
    return Item.model_validate({name: raw[name] for name in fields} | {"source": Source(**raw["source"])})


def main() -> None:
    """Print the figures of one half, and with ``--list`` the messages to each client."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("dev", "kept", "both"), default="dev")
    parser.add_argument("--weeks", action="store_true", help="also count the messages of a week (minutes)")
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
    if options.weeks:
        drafts, every, within = run_weeks()
        print(f"messages per client and week, with urgent ones beyond the budget: {every.text()}")
        print(f"messages per client and week, without them: {within.text()}")
        if options.list:
            for draft in sorted(drafts.values(), key=lambda draft: (draft.client_id, draft.created_at)):
                line = f"{draft.client_id:6} {draft.created_at:%Y-%m-%d %H:%M} {draft.verdict:11} {draft.budget:6}"
                print(f"{line} {len(draft.affects)} {draft.subject}")


if __name__ == "__main__":
    main()
