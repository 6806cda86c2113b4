"""Measure how many drafts on modern news give an opinion, and whether it is special to the event or general.

    python bench/eval_opinions.py [--share 0.12] [--seed 1] [--print N]

News of a share of the days in ../shared/data/news, chosen by the seed, is replayed to fourteen clients of seven trades
(opinions_book.yaml). A draft without an opinion passes on the news and asks; that should be rare, and only where the
event is small or unclear. ``--print`` shows opinions with their headlines, chosen by the seed, to be read aloud.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from firstword.cli.books import require_book  # noqa: E402
from firstword.compose import common  # noqa: E402
from firstword.runtimes.replay import Replay, in_time_order  # noqa: E402
from schemas.alerts import Alert  # noqa: E402
from schemas.drafts import Draft  # noqa: E402
from schemas.items import Item, Source  # noqa: E402
from services.matcher.sources.channels import trust_source  # noqa: E402
from services.matcher.sources.publishers import default_sources  # noqa: E402

BOOK = Path(__file__).parent / "opinions_book.yaml"
NEWS = ROOT.parent / "shared" / "data" / "news" / "items.jsonl"


class Opinions(NamedTuple):
    """The standing drafts, each with the alert that it is written on."""

    told: list[tuple[Draft, Alert]]

    def share(self) -> float:
        """Return the share of drafts that give an opinion."""
        return sum(bool(_opinion(draft)) for draft, _ in self.told) / len(self.told) if self.told else 0.0

    def sources(self) -> Counter[str]:
        """Count the drafts by where their opinion comes from."""
        return Counter(_source(draft) for draft, _ in self.told)


def _opinion(draft: Draft) -> str:
    return next((part.text for part in draft.parts if part.role == "opinion"), "")


def _source(draft: Draft) -> str:
    if not _opinion(draft):
        return "no opinion"
    if draft.rule is None:
        return "correction"
    return "general rule" if draft.rule.startswith("any") else "rule for the kind of event"


def _items(share: float, seed: int) -> Iterator[Item]:
    rows = [json.loads(line) for line in NEWS.open(encoding="utf-8")]
    days = sorted({str(row["published_at"])[:10] for row in rows})
    chosen = set(random.Random(seed).sample(days, round(len(days) * share)))  # noqa: S311 - chance, not a secret
    fields = ("id", "url", "title", "summary", "body", "published_at", "fetched_at")
    for row in rows:
        if str(row["published_at"])[:10] in chosen:
            item = Item.model_validate({name: row[name] for name in fields} | {"source": Source(**row["source"])})
            yield trust_source(item, default_sources())


def run(share: float = 0.12, seed: int = 1) -> Opinions:
    """Replay the news of ``share`` of the days."""
    alerts: dict[str, Alert] = {}
    drafts: dict[str, Draft] = {}
    replay = Replay(require_book(BOOK), common.build_pipeline(), ("alerts", "drafts"))
    for emitted in replay.run(iter(in_time_order(list(_items(share, seed))))):
        if isinstance(emitted, Alert):
            alerts[emitted.id] = emitted
        elif isinstance(emitted, Draft):
            drafts.pop(emitted.supersedes or "", None)
            drafts[emitted.id] = emitted
    return Opinions([(draft, alerts[draft.alert_id]) for draft in drafts.values() if draft.alert_id in alerts])


def main() -> None:
    """Print the share of drafts with an opinion, and where opinions come from."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.12, help="share of the days")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--print", type=int, default=0, dest="shown", help="print so many opinions")
    options = parser.parse_args()
    opinions = run(options.share, options.seed)
    print(f"{opinions.share():.1%} of {len(opinions.told)} drafts give an opinion")
    print(", ".join(f"{source}: {count}" for source, count in opinions.sources().most_common()))
    shown = random.Random(options.seed).sample(opinions.told, min(options.shown, len(opinions.told)))  # noqa: S311
    for draft, alert in shown:
        event = f"{alert.stance} {alert.entity_name}: {alert.verdict} {alert.kind} {alert.direction} {alert.size}"
        print(f"\n{event}\n  {draft.subject}\n  {_opinion(draft) or '–'}")


if __name__ == "__main__":
    main()
