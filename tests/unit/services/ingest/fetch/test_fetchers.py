from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.errors import BadInput, Unreachable
from services.common.http import GuardedClient, HttpSettings
from services.ingest.fetch.fetchers import FetcherByScheme, FileFetcher, HttpFetcher, Validators
from tests.http_server import Reply, Request, serving

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
NOTHING = Validators()


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    async with GuardedClient(HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0)) as client:
        yield HttpFetcher(client)


async def test_an_unchanged_feed_is_not_sent_again(fetcher: HttpFetcher) -> None:
    def answer(request: Request) -> Reply:
        if request.headers.get("if-none-match") == 'W/"1"':
            return Reply(304)
        return Reply(200, b"<rss/>", {"ETag": 'W/"1"', "Last-Modified": "Wed, 04 Mar 2026 10:00:00 GMT"})

    async with serving(answer) as server:
        first = await fetcher.fetch(server.url(), NOTHING, NOW)
        again = await fetcher.fetch(server.url(), first.validators, NOW)
    assert (first.status, first.body) == (200, b"<rss/>")
    assert (again.status, again.body, again.validators) == (304, b"", first.validators)
    assert server.requests[1].headers["if-modified-since"] == "Wed, 04 Mar 2026 10:00:00 GMT"
    assert "application/rss+xml" in server.requests[0].headers["accept"]


async def test_a_validator_that_cant_be_sent_back_is_dropped(fetcher: HttpFetcher) -> None:
    async with serving({"/": Reply(200, b"<rss/>", {"ETag": '"ä"'})}) as server:
        first = await fetcher.fetch(server.url(), NOTHING, NOW)
        assert first.validators.etag is None
        assert (await fetcher.fetch(server.url(), first.validators, NOW)).status == 200


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), ("Wed, 04 Mar 2026 12:05:00 GMT", 300.0), ("Wed, 04 Mar 2026 11:00:00 GMT", 0.0), ("soon", None)],
)
async def test_retry_after_is_read_with_any_status(fetcher: HttpFetcher, value: str, seconds: float | None) -> None:
    async with serving({"/": Reply(200, headers={"Retry-After": value})}) as server:
        assert (await fetcher.fetch(server.url(), NOTHING, NOW)).retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=600"}, 600),
        ({"Cache-Control": 'max-age="600"', "Age": "100"}, 500),
        ({"Cache-Control": "max-age=600", "Age": "9999"}, 0),
        ({"Cache-Control": "no-cache, max-age=600"}, None),
        ({"Date": "Wed, 04 Mar 2026 12:00:00 GMT", "Expires": "Wed, 04 Mar 2026 12:10:00 GMT"}, 600),
        ({"Date": "Wed, 04 Mar 2026 12:00:00 GMT", "Expires": "Wed, 04 Mar 2020 12:00:00 GMT"}, None),
        ({"Expires": "0"}, None),
        ({"Cache-Control": "s-maxage=600"}, None),
        ({}, None),
    ],
)
async def test_the_age_in_caches_is_subtracted_from_max_age(
    fetcher: HttpFetcher, headers: dict[str, str], seconds: int | None
) -> None:
    async with serving({"/": Reply(200, headers=headers)}) as server:
        assert (await fetcher.fetch(server.url(), NOTHING, NOW)).max_age_seconds == seconds


async def test_a_file_is_read_again_only_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "my feed.xml"
    path.write_bytes(b"<rss/>")
    files = FileFetcher([tmp_path])
    first = await files.fetch(path.as_uri(), NOTHING, NOW)
    assert (first.status, first.body) == (200, b"<rss/>")
    assert (await files.fetch(path.as_uri(), first.validators, NOW)).status == 304
    path.write_bytes(b"<rss></rss>")
    assert (await files.fetch(path.as_uri(), first.validators, NOW)).body == b"<rss></rss>"


async def test_no_file_outside_of_the_allowed_folders_is_read(tmp_path: Path) -> None:
    inside, secret = tmp_path / "feeds", tmp_path / "secret"
    inside.mkdir()
    secret.write_text("hush")
    (inside / "link").symlink_to(secret)
    (inside / "linked").symlink_to(tmp_path)
    os.mkfifo(inside / "pipe")
    files = FileFetcher([inside], max_bytes=3)
    (inside / "large").write_bytes(b"1234")
    for url, error, message in (
        (secret.as_uri(), BadInput, "outside"),
        ((inside / "link").as_uri(), BadInput, "through a link"),
        ((inside / "linked" / "secret").as_uri(), BadInput, "through a link"),
        ("file:///proc/self/cwd/" + secret.name, BadInput, "outside"),
        (inside.as_uri() + "/../secret", BadInput, "outside"),
        (inside.as_uri() + "/%2e%2e/secret", BadInput, "outside"),
        ("file://elsewhere/feed", BadInput, "not a valid local file URL"),
        (inside.as_uri() + "/%00", BadInput, "not a valid local file URL"),
        ((inside / "pipe").as_uri(), BadInput, "not a regular file"),
        (inside.as_uri(), BadInput, "outside"),
        ((inside / "large").as_uri(), BadInput, "at most"),
        ((inside / "missing").as_uri(), Unreachable, "No such file"),
    ):
        with pytest.raises(error, match=message):
            await files.fetch(url, NOTHING, NOW)


def test_a_second_name_of_a_file_is_not_even_opened(tmp_path: Path) -> None:
    """To open and close the database under another name would drop its locks, and lose what is committed."""
    inside, database = tmp_path / "feeds", tmp_path / "firstword.db"
    inside.mkdir()
    database.write_bytes(b"secret")
    os.link(database, inside / "feed.xml")
    others = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with database.open("r+b") as opened:
        fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(BadInput, match="has a second name"):
            asyncio.run(FileFetcher([inside]).fetch((inside / "feed.xml").as_uri(), NOTHING, NOW))
        code = subprocess.run([sys.executable, "-c", others, database], stderr=subprocess.DEVNULL).returncode
    assert code != 0, "the lock is still ours"


async def test_each_scheme_has_its_fetcher(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    fetcher = FetcherByScheme({"file": FileFetcher([tmp_path])})
    assert (await fetcher.fetch((tmp_path / "a").as_uri(), NOTHING, NOW)).body == b"a"
    with pytest.raises(BadInput, match="gopher://old"):
        await fetcher.fetch("gopher://old.example/", NOTHING, NOW)
