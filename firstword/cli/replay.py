"""``firstword replay``: run a file of items through the same processors that the services run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Annotated

import typer

from firstword.cli.books import require_book
from firstword.cli.console import error, open_input, progress, warn
from firstword.compose import embedded
from firstword.firm_files import playbooks_in_force
from firstword.runtimes.compare import differences
from firstword.runtimes.replay import EMITTABLE, Emission, Emit, in_time_order
from firstword.threshold_file import require_thresholds, thresholds_in_force
from schemas.alerts import Alert
from schemas.clients import Book
from schemas.items import Item
from services.common.errors import BadInput, KnownBadEvent
from services.common.processing import AnyEvent
from services.common.settings import read_settings
from services.ingest.parse.item_lines import BadLine, read_items
from services.matcher.sources.channels import trust_source
from services.matcher.sources.publishers import default_sources
from services.matcher.thresholds import Thresholds

__all__ = ["replay"]

DEFAULT_EMIT = "alerts,drafts"
NO_BOOK = "No client book is given."


Items = Annotated[str, typer.Option("--items", metavar="FILE|-", help="Items, one JSON object per line.")]
BookFile = Annotated[
    Path | None,
    typer.Option("--book", metavar="FILE", help="The client book. With --data, the default is the folder's own."),
]
Outputs = Annotated[
    str, typer.Option("--emit", metavar="WHAT", help=f"What to print, separated by commas: {', '.join(EMITTABLE)}.")
]
KeepIn = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Keep the results in this data folder, so that 'firstword explain' finds the alerts there.",
    ),
]
ThresholdsFile = Annotated[
    Path | None,
    typer.Option(
        "--thresholds",
        metavar="FILE",
        help="Judge by these thresholds [default: $FIRSTWORD_THRESHOLDS, else those that ship with Firstword].",
    ),
]
OtherBook = Annotated[
    Path | None,
    typer.Option("--against-book", metavar="FILE", help="Compare: print the alerts that this book would change."),
]
OtherThresholds = Annotated[
    Path | None,
    typer.Option(
        "--against-thresholds", metavar="FILE", help="Compare: print the alerts that these thresholds would change."
    ),
]
TrustSources = Annotated[
    bool,
    typer.Option(
        "--trust-sources",
        help="Take each item as published by the publisher that it names. For archives whose origin you vouch for.",
    ),
]
InOrder = Annotated[
    bool, typer.Option("--in-order", help="Keep the order of the file instead of sorting by time. Saves memory.")
]


def replay(
    items: Items,
    book: BookFile = None,
    emit: Outputs = DEFAULT_EMIT,
    data: KeepIn = None,
    thresholds: ThresholdsFile = None,
    against_book: OtherBook = None,
    against_thresholds: OtherThresholds = None,
    in_order: InOrder = False,
    trust_sources: TrustSources = False,
) -> None:
    """Replay news items: show the alerts and drafts that Firstword would have produced.

    The clock follows the items: 'now' is the time of each item. The same input always gives the same output, byte
    for byte.

    An item needs a title, and a url or an id; 'firstword parse' prints items in this format. Lines that can't be read
    are reported on stderr, the others are replayed, and the exit code is 1.

    An item's channel is its source.feed_url ('firstword parse --feed-url URL' sets it): a publisher's grade applies
    only to what comes through its own feed. Without a feed_url, an item is of unknown origin; for an archive that you
    vouch for, use --trust-sources.

    **Examples:**

    - `firstword parse rss.xml --feed-url https://news.example/rss | firstword replay --book book.yaml --items -`
    - `firstword replay --book book.yaml --items march.jsonl --emit mentions,claims,alerts`
    - `firstword replay --book book.yaml --items march.jsonl --against-thresholds stricter.yaml`

    With --against-book or --against-thresholds, only the differences are printed, one line per client and story: the
    verdicts before and after, and the reason.
    """
    wanted = _parse_emit(emit)
    reader = _Reader(trust_sources)
    if against_book is not None or against_thresholds is not None:
        if data is not None:
            raise BadInput("--data can't be used in a comparison, which keeps nothing.", fix="Leave out --data.")
        before, after = _sides(book, thresholds, against_book, against_thresholds)
        with open_input(items) as stream:
            given = list(reader.read(stream, items))
        _compare(before, after, given if in_order else in_time_order(given))
    else:
        with open_input(items) as stream:
            source: Iterable[Item] = reader.read(stream, items)
            if not in_order:
                source = in_time_order(source)
            _print(_run(source, book, data, thresholds, wanted, reader), reader)
    reader.finish()


def _run(
    items: Iterable[Item],
    book: Path | None,
    data: Path | None,
    thresholds: Path | None,
    emit: list[Emit],
    reader: _Reader,
) -> Iterator[Emission]:
    """Replay ``items``, in memory or, if ``data`` is given, into that folder."""
    if data is not None:
        settings = read_settings(data=data, thresholds=thresholds)
        return embedded.replay_into_folder(settings, None if book is None else require_book(book, data), items, emit)
    if book is None:
        raise BadInput(NO_BOOK, fix="Give one with --book FILE, or a folder that has one with --data DIR.")
    settings = read_settings(thresholds=thresholds)
    run = embedded.build_replay(
        require_book(book),
        emit,
        thresholds=thresholds_in_force(settings),
        playbooks=playbooks_in_force(settings),
        refused=reader.refuse,
    )
    return run.run(items)


def _print(emissions: Iterator[Emission], reader: _Reader) -> None:
    with progress("replaying", "items") as bar:
        task = bar.add_task("replay", total=None)
        for emitted in emissions:
            sys.stdout.write(emitted.model_dump_json() + "\n")
            bar.update(task, completed=reader.read_count)


class _Alerts:
    """One side of a comparison: the alerts by one book and one set of thresholds."""

    def __init__(self, book: Book, thresholds: Thresholds) -> None:
        self._replay = embedded.build_replay(book, ("alerts",), thresholds=thresholds)

    def run(self, items: Iterable[Item]) -> Iterator[Alert]:
        return (emitted for emitted in self._replay.run(items) if isinstance(emitted, Alert))


def _compare(before: _Alerts, after: _Alerts, items: list[Item]) -> None:
    for difference in differences(before.run(items), after.run(items)):
        sys.stdout.write(difference.model_dump_json() + "\n")


def _sides(
    book: Path | None, thresholds: Path | None, other_book: Path | None, other_thresholds: Path | None
) -> tuple[_Alerts, _Alerts]:
    """Return both sides of a comparison. The second side uses what the first uses, except for what is given."""
    if book is None:
        raise BadInput(NO_BOOK, fix="Give the book to compare with by --book FILE.")
    first_book = require_book(book)
    first_thresholds = thresholds_in_force(read_settings(thresholds=thresholds))
    return (
        _Alerts(first_book, first_thresholds),
        _Alerts(
            require_book(other_book) if other_book else first_book,
            require_thresholds(other_thresholds) if other_thresholds else first_thresholds,
        ),
    )


def _parse_emit(emit: str) -> list[Emit]:
    names = [name.strip() for name in emit.split(",") if name.strip()]
    wanted: list[Emit] = [known for known in EMITTABLE if known in names]
    unknown = [name for name in names if name not in EMITTABLE]
    if unknown or not wanted:
        raise BadInput(
            f"--emit: {', '.join(unknown)!r} can't be printed." if unknown else "--emit names nothing to print.",
            fix=f"Choose from {', '.join(EMITTABLE)}.",
        )
    return wanted


class _Reader:
    """Reads items, and counts those that could not be used."""

    def __init__(self, trust_sources: bool) -> None:
        self._trusts = trust_sources
        self.read_count = 0
        self._bad = 0

    def read(self, stream: IO[bytes], name: str) -> Iterator[Item]:
        for line in read_items(stream, name):
            if isinstance(line, BadLine) and line.severity == "warning":
                warn(str(line))
            elif isinstance(line, BadLine):
                self._bad += 1
                error(str(line))
            else:
                self.read_count += 1
                yield trust_source(line, default_sources()) if self._trusts else line

    def refuse(self, event: AnyEvent, reason: KnownBadEvent) -> None:
        self._bad += 1
        warn(f"item {event.subject}: {reason}")

    def finish(self) -> None:
        """Raise if an item could not be used; warn if there were none."""
        if self.read_count == 0 and not self._bad:
            warn("there were no items")
        if self._bad:
            raise typer.Exit(1)
