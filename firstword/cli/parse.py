"""``firstword parse``: convert feed files to normalized items."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from firstword.cli.console import error, open_input, progress, warn
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import parse_feed
from services.ingest.parse.item_lines import dump_item

__all__ = ["parse"]


def parse(
    files: Annotated[
        list[str], typer.Argument(help="Feed files (RSS, Atom, RDF, JSON Feed), or - for standard input.")
    ],
    feed_url: Annotated[
        str | None,
        typer.Option(
            "--feed-url",
            help="The feed's address: the channel of its items, whose publisher's grade applies. It also resolves "
            "relative links and is part of the ids.",
        ),
    ] = None,
    publisher: Annotated[
        str | None, typer.Option(help="The publisher's name, for display. It proves nothing: grades follow --feed-url.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any file is not a feed.")] = False,
) -> None:
    """Parse feed files and print their items, one JSON object per line.

    A file that is not a feed is reported on stderr with the reason and the fix, and the others are parsed. The exit
    code is 1 if none of the files is a feed.

    **Examples:**

    - `firstword parse feed.xml`
    - `curl -s https://news.example/rss | firstword parse - --feed-url https://news.example/rss`
    """
    bad = 0
    with progress("parsing feeds", "files") as bar:
        for name in bar.track(files, total=len(files)):
            with open_input(name) as stream:
                raw = stream.read()
            where = feed_url or ("file:///dev/stdin" if name == "-" else Path(name).absolute().as_uri())
            try:
                parsed = parse_feed(raw, feed_url=where, publisher=publisher)
            except NotAFeed as no_feed:
                bad += 1
                error(f"{name}: {no_feed.message}", no_feed.fix)
                continue
            for message in parsed.warnings:
                warn(f"{name}: {message}")
            for entry in parsed.items:
                sys.stdout.write(dump_item(entry.item) + "\n")
    if bad and (strict or bad == len(files)):
        raise typer.Exit(1)
