"""``firstword replay``: a file of items through the very processors that the services run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Annotated

import typer

from firstword.cli.books import require_book
from firstword.cli.console import error, open_input, progress, warn
from firstword.compose import common
from firstword.playbooks import playbooks_of
from firstword.runtimes.compare import differences
from firstword.runtimes.replay import EMITTABLE, Emit, Replay, in_time_order
from firstword.threshold_file import require_thresholds
from schemas.alerts import Alert
from schemas.clients import Book
from schemas.items import Item
from services.common.errors import BadInput, KnownBadEvent
from services.common.processing import AnyEvent
from services.common.settings import read_settings
from services.ingest.parse.item_lines import BadLine, read_items
from services.matcher.thresholds import Thresholds

__all__ = ["replay"]

DEFAULT_EMIT = "alerts,drafts"


def replay(
    items: Annotated[str, typer.Option("--items", metavar="FILE|-", help="Items, one JSON object a line.")],
    book: Annotated[
        Path | None,
        typer.Option("--book", metavar="FILE", help="The client book; with --data, by default the one kept there."),
    ] = None,
    emit: Annotated[
        str, typer.Option("--emit", metavar="WHAT", help=f"Any of {', '.join(EMITTABLE)}; comma-separated.")
    ] = DEFAULT_EMIT,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="Keep the results in this folder, as 'firstword up' does: 'firstword explain' finds the alerts there.",
        ),
    ] = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(
            "--thresholds",
            metavar="FILE",
            help="Judge by these, else by FIRSTWORD_THRESHOLDS; what a file doesn't name is as shipped.",
        ),
    ] = None,
    against_book: Annotated[
        Path | None,
        typer.Option("--against-book", metavar="FILE", help="What if: print which alerts this book would change."),
    ] = None,
    against_thresholds: Annotated[
        Path | None,
        typer.Option(
            "--against-thresholds", metavar="FILE", help="What if: print which alerts these thresholds would change."
        ),
    ] = None,
    in_order: Annotated[
        bool,
        typer.Option(
            "--in-order",
            help="Take items as they come instead of sorting them by time first; needs no memory for them.",
        ),
    ] = False,
) -> None:
    """Replay items in event time: 'now' is each item's own time. Same input, same bytes out.

    An item needs a title and a url or an id; 'firstword parse' writes them. Lines that can't be read are named on
    stderr and make the exit code 1; the rest is replayed.

    [b]Examples[/b]

      firstword parse *.xml | firstword replay --book examples/book.yaml --items -

      firstword replay --book book.yaml --items march.jsonl --emit mentions,claims,alerts

      firstword replay --book book.yaml --items march.jsonl --against-thresholds stricter.yaml

    With --against-… what is printed is the difference alone: one story of one client a line, the verdicts before and
    after, and why.
    """
    wanted = _wanted(emit)
    reader = _Reader()
    if against_book is not None or against_thresholds is not None:
        if data is not None:
            raise BadInput("--data: what if keeps nothing.", fix="Leave it out, and give the book with --book FILE.")
        before, after = _sides(book, thresholds, against_book, against_thresholds)
        with open_input(items) as stream:
            kept = list(reader.read(stream, items))
        _compare(before, after, kept if in_order else in_time_order(kept))
        reader.finish()
        return
    with open_input(items) as stream:
        found: Iterable[Item] = reader.read(stream, items)
        if not in_order:
            found = in_time_order(found)
        if data is None:
            if book is None:
                raise BadInput(
                    "replay: no book is given.", fix="Give one with --book FILE, or a folder with --data DIR."
                )
            settings = read_settings(thresholds=thresholds)
            pipeline = common.build_pipeline(common.limits_of(settings), playbooks_of(settings))
            run = Replay(require_book(book), pipeline, wanted, refused=reader.refused).run(found)
        else:
            kept_book = None if book is None else require_book(book)
            run = common.replay_kept(read_settings(data=data, thresholds=thresholds), kept_book, found, wanted)
        with progress("replaying", "items") as bar:
            task = bar.add_task("replay", total=None)
            for emitted in run:
                sys.stdout.write(emitted.model_dump_json() + "\n")
                bar.update(task, completed=reader.read_count)
    reader.finish()


class _Alerts:
    """One side of a comparison."""

    def __init__(self, book: Book, thresholds: Thresholds | None) -> None:
        self._replay = Replay(book, common.build_pipeline(thresholds), ("alerts",))

    def run(self, items: Iterable[Item]) -> Iterator[Alert]:
        return (emitted for emitted in self._replay.run(items) if isinstance(emitted, Alert))


def _compare(before: _Alerts, after: _Alerts, items: list[Item]) -> None:
    for difference in differences(before.run(items), after.run(items)):
        sys.stdout.write(difference.model_dump_json() + "\n")


def _sides(
    book: Path | None, thresholds: Path | None, other_book: Path | None, other_thresholds: Path | None
) -> tuple[_Alerts, _Alerts]:
    """How it is, and how it would be; of the other side, what is not given is as on the first."""
    if book is None:
        raise BadInput("replay: no book is given.", fix="Give the one to compare with by --book FILE.")
    known = require_book(book)
    limits = common.limits_of(read_settings(thresholds=thresholds))
    return (
        _Alerts(known, limits),
        _Alerts(
            require_book(other_book) if other_book else known,
            require_thresholds(other_thresholds) if other_thresholds else limits,
        ),
    )


def _wanted(emit: str) -> list[Emit]:
    names = [name.strip() for name in emit.split(",") if name.strip()]
    wanted: list[Emit] = [known for known in EMITTABLE if known in names]
    unknown = [name for name in names if name not in EMITTABLE]
    if unknown or not wanted:
        raise BadInput(
            f"--emit: {', '.join(unknown) or 'nothing'} can't be emitted.", fix=f"Choose from {', '.join(EMITTABLE)}."
        )
    return wanted


class _Reader:
    """Reads items and keeps count of what could not be used."""

    def __init__(self) -> None:
        self.read_count = 0
        self._bad = 0

    def read(self, stream: IO[bytes], name: str) -> Iterator[Item]:
        for one in read_items(stream, name):
            if isinstance(one, BadLine) and one.severity == "warning":
                warn(str(one))
            elif isinstance(one, BadLine):
                self._bad += 1
                error(str(one))
            else:
                self.read_count += 1
                yield one

    def refused(self, given: AnyEvent, why: KnownBadEvent) -> None:
        self._bad += 1
        warn(f"item {given.subject}: {why}")

    def finish(self) -> None:
        if self.read_count == 0 and not self._bad:
            warn("there were no items")
        if self._bad:
            raise typer.Exit(1)
