"""Measure how far what clients of each trade are sent is worth writing about, on ``training/labels/worth.csv``.

    python bench/eval_trades.py [--half dev|kept]

Each item of one half of the days that the reader was not trained on comes alone, as if its publisher's word were good,
to one client for each trade and relation that readers judged it for. Counted are the alerts that tell, inform or warn,
and the drafts that are written. Readers answered for each such client whether they would write about it: no, could, or
yes. An item by itself shows nothing of other sources, of repetitions and of scopes that a book narrows.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from bench.eval_readings import NEWS, TOLD_VERDICTS, items_of, listed_aliases  # noqa: E402
from firstword.compose.embedded import build_replay  # noqa: E402
from schemas.alerts import Alert  # noqa: E402
from schemas.base import content_id  # noqa: E402
from schemas.clients import STANCE_OF, Book, Client, Firm, Manager, TopicScope, Watch, WatchKind  # noqa: E402
from schemas.drafts import Draft  # noqa: E402
from schemas.items import Item  # noqa: E402
from training.rows import day_is_kept, day_is_tuning  # noqa: E402
from training.worth import TRADES, Worth, load_worth  # noqa: E402

#: A watch of each relation; of several kinds, the one that most clients have.
_KINDS: dict[str, WatchKind] = {stance: kind for kind, stance in reversed(STANCE_OF.items())}
_SUBJECTS = ("follows", "regulated_by")


class Sent(NamedTuple):
    """A client's row, whether an alert tells of it, and whether a draft is written."""

    row: Worth
    told: bool
    drafted: bool


class TradeFigures(NamedTuple):
    """Counts of what was sent, the shares one could and would write about, and how much of the latter came."""

    sent: int
    could: float
    would: float
    found: float


@cache
def sent(half: str) -> list[Sent]:
    """Replay each judged item of ``half`` (dev or kept) alone, for the clients that it was judged for."""
    items, aliases, by_pair = _items(half), listed_aliases(), defaultdict(list)
    for row in load_worth():
        if row.item_id in items:
            by_pair[row.pair].append(row)
    return [result for (item_id, _), rows in by_pair.items() for result in _replay(items[item_id], rows, aliases)]


def figures(rows: Sequence[Sent], *, drafts: bool) -> TradeFigures:
    """Count what alerts tell of, or the drafts."""
    chosen = [result.row for result in rows if (result.drafted if drafts else result.told)]
    wanted = sum(result.row.would for result in rows)
    return TradeFigures(
        sent=len(chosen),
        could=sum(row.could for row in chosen) / max(1, len(chosen)),
        would=sum(row.would for row in chosen) / max(1, len(chosen)),
        found=sum(row.would for row in chosen) / max(1, wanted),
    )


def lines(half: str) -> Iterator[str]:
    """Yield the figures of all trades, and of each."""
    yield "trade         what     sent  could  would  found"
    for trade in ("all", *TRADES):
        rows = [result for result in sent(half) if trade in ("all", result.row.trade)]
        for what in ("alerts", "drafts"):
            found = figures(rows, drafts=what == "drafts")
            yield f"{trade:<14}{what:<8}{found.sent:>5}{found.could:>7.2f}{found.would:>7.2f}{found.found:>7.2f}"


def _replay(item: Item, rows: Sequence[Worth], aliases: Mapping[str, tuple[str, ...]]) -> Iterator[Sent]:
    clients = tuple(_client(number, row, aliases) for number, row in enumerate(rows))
    book = Book(firm=Firm(name="A firm"), managers=(Manager(id="m", name="M"),), clients=clients)
    told, drafted = set[str](), set[str]()
    for emitted in build_replay(book, ["alerts", "drafts"]).run([item]):
        if isinstance(emitted, Alert) and emitted.verdict in TOLD_VERDICTS:
            told.add(emitted.client_id)
        elif isinstance(emitted, Draft):
            drafted.add(emitted.client_id)
    for client, row in zip(clients, rows, strict=True):
        yield Sent(row, client.id in told, client.id in drafted)


def _client(number: int, row: Worth, aliases: Mapping[str, tuple[str, ...]]) -> Client:
    watch = Watch(
        entity_id=content_id("ent", row.entity),
        name=row.entity,
        kind=_KINDS[row.stance],
        aliases=aliases.get(row.entity, ()),
        scope=TopicScope() if row.stance in _SUBJECTS else None,
    )
    own, followed = ((watch,), ()) if watch.is_asset else ((), (watch,))
    return Client(
        id=f"c{number}", name=f"Client {number}", manager_id="m", trade=row.trade, assets=own, interests=followed
    )


def _items(half: str) -> dict[str, Item]:
    """Return the judged items of ``half`` by id, each as it came when it was published."""
    found = {}
    for item in items_of({row.item_id for row in load_worth()}):
        at = item.published_at or datetime(2026, 1, 1, tzinfo=UTC)
        day = at.date().isoformat()
        if day_is_kept(day) and day_is_tuning(day) == (half == "dev"):
            found[item.id] = item.model_copy(update={"fetched_at": at})
    return found


def main() -> None:
    """Print the figures of one half."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("dev", "kept"), default="dev", help="tuning days, or untouched ones")
    half = parser.parse_args().half
    if not NEWS.is_dir():
        sys.exit("The labeled news is missing: ../shared/data/news")
    print("\n".join(lines(half)))


if __name__ == "__main__":
    main()
