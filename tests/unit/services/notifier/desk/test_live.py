from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from services.notifier.desk.live import MOST_OF_ONE, LiveFeed
from tests.desk_world import World
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World.make(tmp_path)


async def following(stream: AsyncIterator[str], kind: str = "inbox") -> Any:
    """Return the data of the next message of this kind."""
    async for message in stream:
        if message.startswith(f"event: {kind}\n"):
            return json.loads(message.split("data: ", 1)[1])
    raise AssertionError("the stream has ended")


async def test_a_change_is_told_once_with_the_counts(world: World) -> None:
    feed, counted = LiveFeed(world.engine, interval=0.01), [3]
    line = world.draft("claire-arnaud", "warn")
    async with aclosing(cast("Any", feed.events("owner", lambda: {"inbox": counted[-1]}))) as stream:
        first = await following(stream)
        assert first["inbox"] == 3
        counted.append(2)
        world.clock.advance(minutes=1)
        world.desk("dismiss", line.id, line.version, "too_late")
        second = await asyncio.wait_for(following(stream), PATIENCE_SECONDS)
        assert second["inbox"] == 2
        assert second["version"] != first["version"]
    assert not feed.is_full("owner")


async def test_the_version_tells_nothing_about_other_peoples_drafts(world: World) -> None:
    feeds = [LiveFeed(world.engine, interval=0.01) for _ in range(2)]
    versions = []
    for feed in feeds:
        async with aclosing(cast("Any", feed.events("manager-june", lambda: {"inbox": 0}))) as stream:
            versions.append((await following(stream))["version"])
    assert all(len(version) == 24 and int(version, 16) for version in versions)
    assert versions[0] != versions[1]  # without the key, small numbers could be tried out


async def test_the_stream_ends_with_the_session(world: World) -> None:
    feed = LiveFeed(world.engine, interval=0.01)
    messages = [message async for message in feed.events("owner", lambda: None)]
    assert messages == ["event: ended\ndata: {}\n\n"]


async def test_connections_are_bounded_for_a_user_and_for_all(world: World) -> None:
    feed = LiveFeed(world.engine, interval=0.01, most=MOST_OF_ONE + 1)
    streams = [feed.events("owner", lambda: {"inbox": 1}) for _ in range(MOST_OF_ONE)]
    for stream in streams:
        await following(stream)
    assert feed.is_full("owner")
    assert not feed.is_full("manager-mara")
    streams.append(feed.events("manager-mara", lambda: {"inbox": 1}))
    await following(streams[-1])
    assert feed.is_full("manager-june")
    for stream in streams:
        await cast("Any", stream).aclose()
    assert not feed.is_full("owner")


def test_nobody_listens_without_a_session_and_a_full_house_says_when_to_come_back(world: World) -> None:
    assert world.browser(None).get("/live").status_code == 303
    browser = world.browser()
    cast("Any", browser.app).state.live = LiveFeed(world.engine, most=0)
    answer = browser.get("/live")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_the_desk_can_be_installed(world: World) -> None:
    browser = world.browser()
    manifest = browser.get("/static/manifest.json")
    assert manifest.headers["content-type"].startswith("application/json")
    assert manifest.json()["start_url"] == "/"
    for icon in manifest.json()["icons"]:
        assert browser.get(icon["src"]).status_code == 200
    page = browser.get("/")
    assert 'rel="manifest"' in page.text
    assert "manifest-src 'self'" in page.headers["content-security-policy"]
