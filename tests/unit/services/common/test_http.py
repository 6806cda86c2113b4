from __future__ import annotations

import asyncio
import gzip
import random
import re
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import brotli
import pytest

from services.common.http import GuardedClient, HttpResponse, HttpSettings, user_agent
from services.common.http_errors import (
    ConnectionFailed,
    ForbiddenAddress,
    HostNotFound,
    InvalidResponse,
    InvalidUrl,
    RedirectLoop,
    TimedOut,
    TlsFailed,
    TooLarge,
)
from services.common.unpack import STEP_BYTES, CorruptData, Unpacker
from tests.http_server import Reply, serving
from tests.patience import pass_time

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LOOPBACK = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0)


async def fetch(url: str, settings: HttpSettings = LOOPBACK, **headers: str) -> HttpResponse:
    async with GuardedClient(settings) as client:
        return await client.get(url, {name.replace("_", "-"): value for name, value in headers.items()})


async def test_a_response_has_status_headers_and_body() -> None:
    async with serving({"/feed": Reply(418, b"tea", {"ETag": '"1"'})}) as server:
        fetched = await fetch(server.url("/feed#part"))
    assert (fetched.status, fetched.body, fetched.headers["etag"]) == (418, b"tea", '"1"')
    assert fetched.url == server.url("/feed")
    assert fetched.permanent_url is None
    assert server.requests[0].headers["user-agent"].startswith("Firstword/")


def test_the_user_agent_says_whom_to_ask() -> None:
    product = user_agent()
    assert re.fullmatch(r"Firstword/[\w.+-]+", product)
    assert user_agent("feeds@firm.example") == f"{product} (+mailto:feeds@firm.example)"
    assert user_agent("https://firm.example/bot") == f"{product} (+https://firm.example/bot)"


async def test_cookies_are_not_sent_back() -> None:
    async with (
        serving({"/": Reply(200, b"", {"Set-Cookie": "a=b; Path=/"})}) as server,
        GuardedClient(LOOPBACK) as client,
    ):
        await client.get(server.url())
        await client.get(server.url())
    assert all("cookie" not in request.headers for request in server.requests)


async def test_permanent_redirects_are_reported_up_to_the_first_temporary_one() -> None:
    replies = {
        "/a": Reply(301, headers={"Location": "/b"}),
        "/b": Reply(308, headers={"Location": "/c"}),
        "/c": Reply(302, headers={"Location": "/d"}),
        "/d": Reply(301, headers={"Location": "/e"}),
        "/e": Reply(200, b"end"),
    }
    async with serving(replies) as server:
        fetched = await fetch(server.url("/a"))
        assert (fetched.body, fetched.url) == (b"end", server.url("/e"))
        assert fetched.permanent_url == server.url("/c")
        assert (await fetch(server.url("/c"))).permanent_url is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda request: Reply(302, headers={"Location": request.path}), "in a loop"),
        (lambda request: Reply(302, headers={"Location": request.path + "x"}), "more than 5 times"),
    ],
)
async def test_endless_redirects_are_refused(answer: object, message: str) -> None:
    async with serving(answer) as server:  # type: ignore[arg-type]
        with pytest.raises(RedirectLoop, match=message):
            await fetch(server.url("/a"))
    assert len(server.requests) <= 6


async def test_a_secret_for_one_host_is_not_sent_to_the_next() -> None:
    async with (
        serving({"/": Reply(200, b"ok")}) as second,
        serving({"/": Reply(302, headers={"Location": second.url()})}) as first,
    ):
        await fetch(first.url(), Authorization="Bearer abc", If_None_Match='"1"')
    assert first.requests[0].headers["authorization"] == "Bearer abc"
    assert "authorization" not in second.requests[0].headers
    assert second.requests[0].headers["if-none-match"] == '"1"'


async def test_a_post_is_sent_and_its_redirect_is_not_followed() -> None:
    async with (
        serving({"/": Reply(307, headers={"Location": "/elsewhere"})}) as server,
        GuardedClient(LOOPBACK) as client,
    ):
        fetched = await client.request("POST", server.url(), content=b"hello")
    assert fetched.status == 307
    assert [request.body for request in server.requests] == [b"hello"]


async def endless(size: int = 100_000) -> AsyncIterator[bytes]:
    for _ in range(50_000_000 // size):
        yield b"x" * size


async def test_a_body_of_50_mb_is_refused() -> None:
    replies = {
        "/announced": Reply(200, headers={"Content-Length": "50000000"}, stream=endless),
        "/unannounced": Reply(200, stream=endless),
    }
    async with serving(replies) as server:
        for path in replies:
            with pytest.raises(TooLarge, match="the limit is 10 MB"):
                await fetch(server.url(path))


#: As RFC 9110 and RFC 8878 name them. Brotli's best quality would take seconds for a bomb.
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "deflate": zlib.compress, "br": partial(brotli.compress, quality=5), "zstd": zstd.compress,
}  # fmt: skip


@pytest.mark.parametrize("encoding", PACK)
async def test_compressed_bodies_are_read_and_bombs_refused(encoding: str) -> None:
    pack, packed = PACK[encoding], {"Content-Encoding": encoding}
    text = b"".join(b"<item>%d</item>" % number for number in range(40_000))
    noise = random.Random(5).randbytes(20_000)  # noqa: S311 - no secret
    replies = {
        "/bomb": Reply(200, pack(b"\0" * 50_000_000), packed),
        "/honest": Reply(200, pack(text), packed),
        "/blanks": Reply(200, pack(b" " * 900_000), packed),
        "/slowly": Reply(200, headers=packed, stream=lambda: in_bytes(pack(noise))),
        "/cut": Reply(200, pack(text)[:-9], packed),
        "/wrong": Reply(200, b"nothing compressed, whatever it says", packed),
        "/empty": Reply(200, b"", packed),
    }
    async with serving(replies) as server:
        with pytest.raises(TooLarge, match="250 times its size"):
            await fetch(server.url("/bomb"))
        with pytest.raises(TooLarge, match="decompressed"):
            await fetch(server.url("/bomb"), replace(LOOPBACK, max_unpacked_ratio=10_000_000))
        beginning = await fetch(server.url("/bomb"), replace(LOOPBACK, cut_bodies=True, max_body_bytes=10))
        assert beginning.body == b"\0" * 10
        assert (await fetch(server.url("/honest"))).body == text
        assert len((await fetch(server.url("/blanks"))).body) == 900_000
        assert (await fetch(server.url("/slowly"))).body == noise
        assert (await fetch(server.url("/empty"))).body == b""
        for path in ("/cut", "/wrong"):
            with pytest.raises(InvalidResponse):
                await fetch(server.url(path))
        assert server.requests[0].headers["accept-encoding"] == "gzip, deflate, br, zstd"


async def in_bytes(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 7_001):
        yield data[start : start + 7_001]


@pytest.mark.parametrize("encoding", PACK)
def test_a_bomb_is_decompressed_no_further_than_it_is_asked_for(encoding: str) -> None:
    bomb = PACK[encoding](b"\0" * 30_000_000)
    pieces = [piece for piece, _ in zip(Unpacker(encoding).feed(bomb), range(4), strict=False)]
    assert len(pieces) == 4
    assert max(map(len, pieces)) <= 2 * STEP_BYTES


@pytest.mark.parametrize(
    ("encoding", "empty"), [("gzip", gzip.compress(b"", mtime=0)), ("zstd", zstd.compress(b""))], ids=["gzip", "zstd"]
)
def test_a_million_empty_members_are_not_decoded(encoding: str, empty: bytes) -> None:
    blocks = PACK[encoding](b"<item>") * 400
    assert b"".join(Unpacker(encoding).feed(blocks)) == b"<item>" * 400
    with pytest.raises(CorruptData, match="more than 1,000 parts"):
        list(Unpacker(encoding).feed(empty * 200_000))


async def test_members_raw_deflate_and_unknown_encodings() -> None:
    text = b"<rss>" * 1000
    packed = {"Content-Encoding": "gzip"}
    replies = {
        "/members": Reply(200, zstd.compress(text[:9]) + zstd.compress(text[9:]), {"Content-Encoding": "zstd"}),
        "/honest": Reply(200, gzip.compress(text[:9]) + gzip.compress(text[9:]), packed),
        "/raw-deflate": Reply(200, zlib.compress(text, wbits=-15), {"Content-Encoding": "deflate"}),
        "/cut": Reply(200, gzip.compress(text)[:-9], packed),
        "/wrong": Reply(200, b"no gzip", packed),
        "/unasked": Reply(200, b"?", {"Content-Encoding": "compress"}),
    }
    async with serving(replies) as server:
        assert (await fetch(server.url("/members"))).body == text
        assert (await fetch(server.url("/honest"))).body == text
        assert (await fetch(server.url("/raw-deflate"))).body == text
        for path in ("/cut", "/wrong", "/unasked"):
            with pytest.raises(InvalidResponse):
                await fetch(server.url(path))


async def test_a_slow_body_is_abandoned_after_the_total_time() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            pass_time(10)
            await asyncio.sleep(0)

    async with serving({"/": Reply(200, stream=drip)}) as server:
        with pytest.raises(TimedOut, match="within 30 seconds"):
            await fetch(server.url())


async def test_private_addresses_are_refused_directly_and_behind_a_redirect() -> None:
    with pytest.raises(ForbiddenAddress, match="loopback"):
        await fetch("http://127.0.0.1:9/", HttpSettings())
    with pytest.raises(ForbiddenAddress, match="metadata"):
        await fetch("http://169.254.169.254/latest/", LOOPBACK)
    async with serving({"/": Reply(302, headers={"Location": "http://10.0.0.1/admin"})}) as server:
        with pytest.raises(ForbiddenAddress, match=r"10\.0\.0\.1, a private network"):
            await fetch(server.url())
    async with serving({"/": Reply(302, headers={"Location": "file:///etc/passwd"})}) as server:
        with pytest.raises(InvalidUrl, match="not an http or https"):
            await fetch(server.url())


class FixedResolver:
    """Returns the given addresses, one list per lookup."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_resolved_addresses_are_checked_and_a_checked_one_is_connected_to() -> None:
    rebinding = FixedResolver(["127.0.0.1"], ["10.0.0.1"])
    allowing = replace(LOOPBACK, allow_private=("127.0.0.0/8",))
    async with serving({"/": Reply(200, b"here")}) as server:
        url = f"http://news.example:{server.port}/"
        async with GuardedClient(HttpSettings(), resolver=FixedResolver(["127.0.0.1"])) as client:
            with pytest.raises(ForbiddenAddress, match=r"news\.example resolves to 127\.0\.0\.1"):
                await client.get(url)
        async with GuardedClient(allowing, resolver=rebinding) as client:
            assert (await client.get(url)).body == b"here"
            with pytest.raises(ForbiddenAddress):
                await client.get(url)
        async with GuardedClient(allowing, resolver=FixedResolver(["10.0.0.1", "127.0.0.1"])) as client:
            assert (await client.get(url)).body == b"here"
        assert server.requests[0].headers["host"] == f"news.example:{server.port}"


@asynccontextmanager
async def speaking(first: bytes) -> AsyncIterator[int]:
    """Serve connections that send `first` after receiving something, and close."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(first)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1]


class FailingResolver:
    async def resolve(self, host: str, port: int) -> Sequence[str]:
        raise OSError(-2, "Name or service not known")


async def test_each_failure_has_its_own_error() -> None:
    async with speaking(b"HTTP/1.1 400 This is no TLS\r\n\r\n") as port:
        with pytest.raises(TlsFailed, match="encrypted connection"):
            await fetch(f"https://127.0.0.1:{port}/")
    with pytest.raises(ConnectionFailed, match="refuses"):
        await fetch(f"http://127.0.0.1:{port}/")
    async with GuardedClient(LOOPBACK, resolver=FailingResolver()) as client:
        with pytest.raises(HostNotFound, match=r"news\.example can't be found"):
            await client.get("http://news.example/")
    for bad in ("ftp://news.example/", "news.example/feed", "", "http://", "http://[::1/", "http://a b/"):
        with pytest.raises(InvalidUrl):
            await fetch(bad)


async def test_an_incomplete_or_invalid_response_is_an_error() -> None:
    async with serving({"/": Reply(200, b"short", {"Content-Length": "100"})}) as server:
        with pytest.raises(InvalidResponse):
            await fetch(server.url())
    async with speaking(b"220 mail.example ESMTP\r\n") as port:
        with pytest.raises(InvalidResponse, match="incomplete or invalid HTTP response"):
            await fetch(f"http://127.0.0.1:{port}/")


async def test_an_endless_handshake_is_abandoned() -> None:
    async with serving({}) as server:
        with pytest.raises(TimedOut):
            await fetch(f"https://127.0.0.1:{server.port}/", replace(LOOPBACK, connect_seconds=0.2))


async def test_a_proxy_gets_the_request_but_never_one_for_a_private_address() -> None:
    async with serving(lambda request: Reply(200, request.path.encode())) as proxy:
        behind = HttpSettings(proxy=proxy.url(), host_interval_seconds=0.0)
        assert (await fetch("http://news.example/feed", behind)).body == b"http://news.example/feed"
        with pytest.raises(ForbiddenAddress, match="a private network"):
            await fetch("http://10.0.0.1/", behind)


async def test_a_closed_client_can_be_used_again() -> None:
    async with serving({"/": Reply(200, b"ok")}) as server:
        client = GuardedClient(LOOPBACK)
        for _ in range(2):
            assert (await client.get(server.url())).body == b"ok"
            await client.aclose()
