"""``firstword parse``: any feed file to normalised items."""

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
        typer.Option("--feed-url", help="Where the feed lives; relative links and ids are made from it."),
    ] = None,
    publisher: Annotated[str | None, typer.Option(help="The publisher's name, instead of what the feed says.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 when any file is no feed.")] = False,
) -> None:
    """Read feed files and print their items, one JSON object a line.

    A file that is no feed is named on stderr with the reason and what to do; the others go on. When none of the files
    is a feed, the exit code is 1.

    [b]Examples[/b]

      firstword parse feed.xml

      curl -s https://news.example/rss | firstword parse - --feed-url https://news.example/rss
    """
    bad = 0
    with progress("reading feeds", "files") as bar:
        for name in bar.track(files, total=len(files)):
            with open_input(name) as stream:
                raw = stream.read()
            where = feed_url or ("file:///dev/stdin" if name == "-" else Path(name).absolute().as_uri())
            try:
                parsed = parse_feed(raw, feed_url=where, publisher=publisher)
            except NotAFeed as no_feed:
                bad += 1
                error(f"{name}: {no_feed}")
                continue
            for message in parsed.warnings:
                warn(f"{name}: {message}")
            for one in parsed.items:
                sys.stdout.write(dump_item(one.item) + "\n")
    if bad and (strict or bad == len(files)):
        raise typer.Exit(1)
