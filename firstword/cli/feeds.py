"""``firstword feeds``: the feeds that Firstword reads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from firstword.cli import feed_packs
from firstword.cli.console import error, open_input, out, print_json, read_secret, table, warn
from firstword.cli.operator import log_change
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.source_grades import SourceGrades, parse_domain
from schemas.feeds import Feed
from schemas.items import Item, Source
from services.common.addresses import redact_url
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.ingest.dry_run import DryRunResult
from services.ingest.fetch.credentials import Credential, basic, bearer, without_user
from services.ingest.fetch.credentials import header as header_of
from services.ingest.fetch.discover import discover_feeds
from services.ingest.fetch_and_parse import FetchResult
from services.ingest.parse.clean import lead
from services.ingest.repository import FeedState
from services.ingest.service import IngestService
from services.matcher.sources.channels import attribute, host_of_feed
from services.matcher.sources.publishers import SourceTable

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Add, import, list, test, pause and remove feeds, and watch pages.")
app.add_typer(feed_packs.app, name="pack")
Url = Annotated[
    str, typer.Argument(metavar="URL", help="The feed's address: http, https, or a file below the data folder.")
]


def _ingest(data: Path | None) -> IngestService:
    return common.build_ingest(common.open_store(read_settings(data=data)))


@app.command("add")
def add(
    url: Url,
    title: Annotated[str | None, typer.Option(help="A name for the feed.")] = None,
    publisher: Annotated[
        str | None,
        typer.Option(help="The publisher's name, for display. It proves nothing: grades follow the address."),
    ] = None,
    group: Annotated[str | None, typer.Option(help="The group to list it in.")] = None,
    speaks_for: Annotated[
        list[str] | None,
        typer.Option(
            "--speaks-for",
            metavar="DOMAIN",
            help="A publisher that publishes through this feed, though it is at another address. You vouch for it. "
            "Repeatable.",
        ),
    ] = None,
    ground: Annotated[
        str | None, typer.Option("--reason", "--ground", help="How you know that, in one sentence. Kept with the feed.")
    ] = None,
    data: DataDir = None,
) -> None:
    """Add a feed, after a test of what it answers. A running system polls it within seconds.

    Of a web page, its feed is added; if it has several, they are listed, and none is added.

    A publisher's grade applies only to what comes through its own feed: one at its own host, one at an aggregator
    that is listed as carrying it, or one for which you vouch with --speaks-for. What a feed says of itself is shown,
    and proves nothing. For a feed that is listed already, --speaks-for replaces the publishers it speaks for.

    **Examples:**

    - `firstword feeds add https://news.example/rss.xml`
    - `firstword feeds add https://hosting.example/7.xml --speaks-for news.example --ground "Linked from news.example."`
    """
    domains = tuple(dict.fromkeys(parse_domain(domain) for domain in speaks_for or ()))
    with common.open_store(read_settings(data=data)) as store:
        ingest = common.build_ingest(store)
        tried = _without_password(ingest, url)
        address = url if tried is None else _of_page(tried) or url
        feed = ingest.add_feed(
            address, title=title, publisher=publisher, group=group, speaks_for=domains, ground=ground
        )
        log_change(store, "feed.added", redact_url(feed.url), _vouched(feed))
        out.print(f"Added {feed.url} ({feed.id}).", markup=False)
        if address == url:
            _report(tried or asyncio.run(_dry_run(ingest, feed.url)))
        for line in _identity(feed, SourceGrades(store).table()):
            out.print(line, markup=False)


def _without_password(ingest: IngestService, url: str) -> DryRunResult | None:
    """Try out an address; None if it has a password, which must be stored before it may be sent."""
    return None if without_user(url)[1] is not None else asyncio.run(_dry_run(ingest, url))


def _of_page(tried: DryRunResult) -> str | None:
    """Return the address of the only feed of a page; None if there is no page with feeds.

    Raises:
        BadInput: it has several.
    """
    if not tried.feeds:
        return None
    if len(tried.feeds) > 1:
        for feed in tried.feeds:
            out.print(f"{feed.url}  {feed.title or ''}".rstrip(), markup=False)
        raise BadInput("This page has several feeds.", fix="Add those that you want by their addresses.")
    out.print(f"This is a web page; its feed is {tried.feeds[0].url}.", markup=False)
    return tried.feeds[0].url


def _report(result: DryRunResult) -> None:
    """Say what is wrong with a feed that was just added. It stays: the fault may pass."""
    if not result.is_feed:
        warn(" ".join(part for part in (result.problem, result.fix) if part))
        return
    asked, answered = (urlsplit(url or "").hostname for url in (result.url, result.answered_url))
    if answered is not None and asked != answered:
        warn(
            f"{asked} passes this address on to {answered}. Items still count as from {asked}. If {answered} is the "
            "publisher's own host, remove this feed and add that address."
        )


def _identity(feed: Feed, sources: SourceTable) -> Iterator[str]:
    """Yield a line for each publisher whose grade applies to the feed's items."""
    for domain in feed.speaks_for:
        source = sources.lookup(domain)
        yield f"Speaks for {source.publisher} ({domain}), grade {source.grade}: {feed.ground}"
    found = attribute(Item(id="test", title="test", source=Source(feed_url=feed.url)), sources)
    if feed.speaks_for:
        return
    source = found.source
    if found.provenance.imitates:
        yield f"Its address imitates that of {found.provenance.imitates}. Its items count as unreliable (E)."
    elif source.kind == "aggregator":
        yield f"{source.publisher} is an aggregator: besides itself, it speaks for those it is listed as carrying."
    elif host_of_feed(feed.url) is None:
        yield (
            "A file has no address that shows its publisher: its items are of unknown origin (F). If a known publisher "
            "publishes here, add it again with --speaks-for DOMAIN --ground REASON."
        )
    elif source.grade == "F":
        yield (
            f"Its items count as from {source.publisher}, which has no grade (F). Grade it with 'firstword sources "
            "grade', or, if a known publisher publishes here, add it again with --speaks-for DOMAIN --ground REASON."
        )
    else:
        yield f"Its items count as from {source.publisher} ({source.domain}), grade {source.grade}."


@app.command("watch")
def watch(
    url: Annotated[str, typer.Argument(metavar="URL", help="A page that lists news, or a news sitemap.")],
    under: Annotated[
        str | None,
        typer.Option("--links-under", metavar="PATH", help="Only links to this path are news, such as /press/."),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            "--in", "--links-in", metavar="PART", help="Only links in this part of the page are news, such as #news."
        ),
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="Watch the text of the page, or of its part, instead of its links.")
    ] = False,
    title: Annotated[str | None, typer.Option(help="A name for the page.")] = None,
    group: Annotated[str | None, typer.Option(help="The group to list it in.")] = None,
    speaks_for: Annotated[
        list[str] | None,
        typer.Option("--speaks-for", metavar="DOMAIN", help="A publisher that publishes on this page. Repeatable."),
    ] = None,
    ground: Annotated[str | None, typer.Option("--reason", "--ground", help="How you know that.")] = None,
    test: Annotated[bool, typer.Option("--test", help="Only show what it lists; watch nothing.")] = False,
    data: DataDir = None,
) -> None:
    """Watch a page that has no feed: each new link with a title is an item. Prefer a feed where there is one.

    With --text, the page itself is the item, and each change of its text revises it: for terms, prices and notices.

    What the page lists now is background. Links in its navigation, and to other sites, don't count. A part is named as
    in CSS, by tag, id and classes: main, #news, div.press-list. The site's robots.txt is respected.

    **Examples:**

    - `firstword feeds watch https://agency.example/press --links-under /press/ --test`
    - `firstword feeds watch https://news.example/news-sitemap.xml`
    - `firstword feeds watch https://agency.example/terms --text --in main`
    """
    domains = tuple(dict.fromkeys(parse_domain(domain) for domain in speaks_for or ()))
    with common.open_store(read_settings(data=data)) as store:
        ingest = common.build_ingest(store)
        found = asyncio.run(_test_page(ingest, url, under, part, text))
        if found.parsed is None:
            error(found.outcome.reason or "This page can't be read.", found.outcome.fix)
        else:
            items = [entry.item for entry in found.parsed.items]
            count = f"{len(items[0].body or ''):,} characters" if text else f"{len(items)} links"
            out.print(f"{found.parsed.title or url}: {found.parsed.format}, {count}", markup=False)
            for item in items[:5]:
                out.print(f"  {lead(item.body or '', 300) if text else item.title}", markup=False)
        if found.response is not None:
            for feed in discover_feeds(found.response.body, found.response.url)[:3]:
                warn(f"This page has a feed, which says more than its links do: {feed.url}")
        if found.parsed is None or test:
            raise typer.Exit(found.parsed is None)
        page = ingest.watch_page(
            url,
            title=title,
            links_under=under,
            links_in=part,
            text=text,
            group=group,
            speaks_for=domains,
            ground=ground,
        )
        log_change(store, "feed.added", redact_url(page.url), _vouched(page))
        out.print(f"Watching {page.url} ({page.id}).", markup=False)
        for line in _identity(page, SourceGrades(store).table()):
            out.print(line, markup=False)


@app.command("import")
def import_(
    opml: Annotated[str, typer.Argument(metavar="OPML", help="An OPML file, as feed readers export it, or -.")],
    data: DataDir = None,
) -> None:
    """Add all feeds of an OPML file. Invalid entries are reported with their line, and the exit code is 1.

    **Example:** `firstword feeds import my-feeds.opml`
    """
    with open_input(opml) as stream, common.open_store(read_settings(data=data)) as store:
        done = common.build_ingest(store).import_feeds(stream.read(), opml)
        name = "standard input" if opml == "-" else Path(opml).name[:120]
        log_change(store, "feeds.imported", name, f"{len(done.added)} added, {len(done.problems)} invalid")
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
        print_json(
            [
                {
                    **state.feed.model_dump(mode="json"),
                    **state.health.model_dump(mode="json"),
                    "credentials": state.credential.kind if state.credential is not None else None,
                    "only_headlines": state.only_headlines,
                }
                for state in states
            ]
        )
        return
    table(
        ("status", "feed", "speaks for", "last news", "problem and fix"),
        (
            (
                state.health.status,
                f"{state.feed.title or state.feed.publisher or ''} {state.feed.url}".strip() + _settings(state),
                ", ".join(state.feed.speaks_for) or host_of_feed(state.feed.url) or "nobody known",
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
                "answered_url": result.answered_url,
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
    with common.open_store(read_settings(data=data)) as store:
        removed = common.build_ingest(store).remove_feed(feed)
        log_change(store, "feed.removed", redact_url(removed.url))
    out.print(f"Removed {removed.url}.", markup=False)


@app.command("credentials")
def credentials(
    feed: Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's address or id.")],
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Sign in as this user.")] = None,
    token: Annotated[bool, typer.Option("--token", help="Send a token (Authorization: Bearer).")] = False,
    header: Annotated[
        str | None, typer.Option("--header", metavar="NAME", help="Send this header, such as X-Api-Key or Cookie.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget the feed's credentials.")] = False,
    unencrypted: Annotated[
        bool, typer.Option("--unencrypted", help="Send them to an http address too, where others can read them.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Give a feed what its server asks for: a user and password, a token, or a header. Then test the feed.

    The password, the token or the header's value is asked for, or read from standard input; it is never an argument,
    which others could see. It is stored sealed, shown nowhere, and sent only to the server that is printed, whatever
    that redirects to.

    **Examples:**

    - `firstword feeds credentials https://wire.example/feed.xml --user northgate`
    - `firstword feeds credentials https://wire.example/feed.xml --header X-Api-Key < key.txt`
    """
    if sum((user is not None, token, header is not None, remove)) != 1:
        raise BadInput("Say how to sign in.", fix="Give one of --user NAME, --token, --header NAME and --remove.")
    with common.open_store(read_settings(data=data)) as store:
        ingest = common.build_ingest(store)
        if remove:
            url, kind = ingest.remove_credential(feed).url, "removed"
            out.print(f"{redact_url(url)} has no credentials any more.", markup=False)
        else:
            credential = _credential(user, header)
            origin = ingest.set_credential(feed, credential, unencrypted=unencrypted)
            url, kind = ingest.find_feed(feed).url, f"{credential.kind}, for {origin}"
            out.print(f"Stored. Only {origin} gets them.", markup=False)
        log_change(store, "feed.credentials", redact_url(url), kind)
        if not remove:
            _report(asyncio.run(_dry_run(ingest, url)))


def _credential(user: str | None, header: str | None) -> Credential:
    if user is not None:
        return basic(user, read_secret("Password"))
    return bearer(read_secret("Token")) if header is None else header_of(header, read_secret("Value"))


@app.command("full-text")
def full_text(
    feed: Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's address or id.")],
    off: Annotated[bool, typer.Option("--off", help="Read its articles no longer.")] = False,
    data: DataDir = None,
) -> None:
    """Read the articles of a feed that has only headlines or teasers, so that more than a headline is judged.

    A page is read if it is on the feed's own site, or on that of a publisher for which it speaks, and the site's
    robots.txt allows it. What is for subscribers is not read. The setting counts for later items. An item waits for
    its article for seconds at most; without it, it has what the feed says, and its explanation says why.

    **Example:** `firstword feeds full-text https://news.example/rss.xml`
    """
    with common.open_store(read_settings(data=data)) as store:
        changed = common.build_ingest(store).set_full_text(feed, not off)
        log_change(store, "feed.full_text", redact_url(changed.url), "off" if off else "on")
    how = "has only what the feed says of its items" if off else "is read with its articles"
    out.print(f"{redact_url(changed.url)} {how}.", markup=False)


@app.command("pause")
def pause(
    feed: Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's address or id.")], data: DataDir = None
) -> None:
    """Stop polling a feed until you run 'firstword feeds resume'."""
    with common.open_store(read_settings(data=data)) as store:
        paused = common.build_ingest(store).pause_feed(feed)
        log_change(store, "feed.paused", redact_url(paused.url))
    out.print(f"Paused {paused.url}.", markup=False)


@app.command("resume")
def resume(
    feed: Annotated[str, typer.Argument(metavar="URL|ID", help="The feed's address or id.")], data: DataDir = None
) -> None:
    """Start polling a paused feed again."""
    with common.open_store(read_settings(data=data)) as store:
        resumed = common.build_ingest(store).resume_feed(feed)
        log_change(store, "feed.resumed", redact_url(resumed.url))
    out.print(f"Resumed {resumed.url}.", markup=False)


def _vouched(feed: Feed) -> str | None:
    """Return for whom a feed speaks because somebody says so, and why, for the audit log."""
    return f"speaks for {', '.join(feed.speaks_for)}: {feed.ground}" if feed.speaks_for else None


def _settings(state: FeedState) -> str:
    """Return what is set for a feed besides its address, in brackets."""
    told = ["full text"] if state.feed.full_text else ["only headlines"] if state.only_headlines else []
    told += [f"credentials: {state.credential.kind}"] if state.credential is not None else []
    return f" ({', '.join(told)})" if told else ""


async def _test_page(ingest: IngestService, url: str, under: str | None, part: str | None, text: bool) -> FetchResult:
    try:
        return await ingest.test_page(url, under, part, text=text)
    finally:
        await ingest.aclose()


async def _dry_run(ingest: IngestService, url: str) -> DryRunResult:
    try:
        return await ingest.test_feed(url)
    finally:
        await ingest.aclose()
