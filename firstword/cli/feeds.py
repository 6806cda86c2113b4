"""``firstword feeds``: the feeds that Firstword reads."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from firstword.cli.console import error, open_input, out, print_json, table, warn
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from services.common.settings import read_settings
from services.ingest.dry_run import DryRunResult
from services.ingest.service import IngestService

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Add, import, list, test, pause and remove feeds.")
Url = Annotated[
    str, typer.Argument(metavar="URL", help="The feed's address: http, https, or a file below the data folder.")
]


def _ingest(data: Path | None) -> IngestService:
    return common.build_ingest(common.open_store(read_settings(data=data)))


@app.command("add")
def add(
    url: Url,
    title: Annotated[str | None, typer.Option(help="A name for the feed.")] = None,
    publisher: Annotated[str | None, typer.Option(help="The publisher, if the feed doesn't name it correctly.")] = None,
    group: Annotated[str | None, typer.Option(help="The group to list it in.")] = None,
    data: DataDir = None,
) -> None:
    """Add a feed. A running system polls it within seconds.

    **Example:** `firstword feeds add https://news.example/rss.xml --publisher "News Example"`
    """
    feed = _ingest(data).add_feed(url, title=title, publisher=publisher, group=group)
    out.print(f"Added {feed.url} ({feed.id}).", markup=False)


@app.command("import")
def import_(
    opml: Annotated[str, typer.Argument(metavar="OPML", help="An OPML file, as feed readers export it, or -.")],
    data: DataDir = None,
) -> None:
    """Add all feeds of an OPML file. Invalid entries are reported with their line, and the exit code is 1.

    **Example:** `firstword feeds import my-feeds.opml`
    """
    with open_input(opml) as stream:
        done = _ingest(data).import_feeds(stream.read(), opml)
    for problem in done.problems:
        error(str(problem))
    invalid = f", {len(done.problems)} invalid" if done.problems else ""
    out.print(f"Feeds: {len(done.added)} added, {len(done.already)} already present{invalid}.")
    if done.problems:
        raise typer.Exit(1)


@app.command("export")
def export(data: DataDir = None) -> None:
    """Print all feeds as OPML."""
    typer.echo(_ingest(data).export_feeds())


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the feeds and their status."""
    states = _ingest(data).list_feeds()
    if as_json:
        print_json([{**state.feed.model_dump(mode="json"), **state.health.model_dump(mode="json")} for state in states])
        return
    table(
        ("status", "feed", "last news", "problem and fix"),
        (
            (
                state.health.status,
                f"{state.feed.title or state.feed.publisher or ''} {state.feed.url}".strip(),
                f"{state.health.last_new_at:%Y-%m-%d %H:%M} UTC" if state.health.last_new_at else "–",
                " ".join(part for part in (state.health.reason, state.health.mend) if part),
            )
            for state in states
        ),
        empty="No feeds yet. Add one with 'firstword feeds add URL', or several with 'firstword feeds import OPML'.",
    )


@app.command("test")
def try_out(url: Url, data: DataDir = None, as_json: AsJson = False) -> None:
    """Fetch and parse a feed without storing anything. The exit code is 1 if it is not a feed.

    If the address is a web page, the feeds that it links to are listed.

    **Example:** `firstword feeds test https://news.example`
    """
    result = asyncio.run(_dry_run(_ingest(data), url))
    if as_json:
        print_json(
            {
                "url": result.url,
                "is_feed": result.is_feed,
                "format": result.format,
                "title": result.title,
                "items": len(result.items),
                "newest": result.items[0].title if result.items else None,
                "warnings": list(result.warnings),
                "problem": result.problem,
                "fix": result.fix,
                "feeds_of_the_page": [feed.url for feed in result.feeds],
                "permanent_url": result.permanent_url,
                "elapsed_seconds": round(result.elapsed_seconds, 3),
            }
        )
    elif result.is_feed:
        out.print(f"{result.title or result.url}: {result.format}, {len(result.items)} items", markup=False)
        for item in result.items[:3]:
            out.print(f"  {item.title}", markup=False)
        for message in result.warnings:
            warn(message)
    else:
        error(result.problem or "This is not a feed.", result.fix)
        for feed in result.feeds:
            out.print(f"  {feed.url}  {feed.title or ''}", markup=False)
    if not result.is_feed:
        raise typer.Exit(1)


@app.command("remove")
def remove(
    feed: Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's address or id.")], data: DataDir = None
) -> None:
    """Remove a feed. Its items stay."""
    removed = _ingest(data).remove_feed(feed)
    out.print(f"Removed {removed.url}.", markup=False)


@app.command("pause")
def pause(
    feed: Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's address or id.")], data: DataDir = None
) -> None:
    """Stop polling a feed until you run 'firstword feeds resume'."""
    out.print(f"Paused {_ingest(data).pause_feed(feed).url}.", markup=False)


@app.command("resume")
def resume(
    feed: Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's address or id.")], data: DataDir = None
) -> None:
    """Start polling a paused feed again."""
    out.print(f"Resumed {_ingest(data).resume_feed(feed).url}.", markup=False)


async def _dry_run(ingest: IngestService, url: str) -> DryRunResult:
    try:
        return await ingest.test_feed(url)
    finally:
        await ingest.aclose()
