"""HTTP/2 changes nothing about the addresses that may be reached."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.common.http import GuardedClient, HttpSettings
from services.common.http_errors import ForbiddenAddress, InvalidResponse, TooLarge

SETTINGS = HttpSettings(http2=True, host_interval_seconds=0.0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for feeds.example and 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")]), datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("feeds.example"), x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + signed.public_bytes(pem))
    return path


@dataclass
class Http2Server:
    """Answers requests in HTTP/2 by path: status, headers and body."""

    answers: Mapping[str, tuple[int, Mapping[str, str], bytes]]
    port: int = 0
    asked: list[Mapping[str, str]] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        connection.initiate_connection()
        with suppress(ConnectionError, asyncio.CancelledError):
            writer.write(connection.data_to_send())
            while data := await reader.read(65_536):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        self._answer(connection, event)
                writer.write(connection.data_to_send())
                await writer.drain()
        writer.close()

    def _answer(self, connection: h2.connection.H2Connection, event: h2.events.RequestReceived) -> None:
        headers = {str(name): str(value) for name, value in event.headers or ()}
        self.asked.append(headers)
        status, answered, body = self.answers.get(headers[":path"], (404, {}, b""))
        stream = event.stream_id or 0
        connection.send_headers(stream, [(":status", str(status)), *answered.items()])
        for start in range(0, len(body), 16_000):
            connection.send_data(stream, body[start : start + 16_000])
        connection.end_stream(stream)


@asynccontextmanager
async def serving(
    certificate: Path, answers: Mapping[str, tuple[int, Mapping[str, str], bytes]]
) -> AsyncIterator[Http2Server]:
    server = Http2Server(answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2"])
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


class Names:
    """Resolves every host to the given addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.addresses


async def test_requests_go_over_one_http2_connection(certificate: Path) -> None:
    async with serving(certificate, {"/feed": (200, {"etag": '"1"'}, b"<rss/>")}) as server:
        settings = replace(SETTINGS, allow_private=(f"127.0.0.1:{server.port}",), ca_file=str(certificate))
        async with GuardedClient(settings) as client:
            url = f"https://127.0.0.1:{server.port}/feed"
            both = await asyncio.gather(client.get(url), client.get(url))
            assert [(response.status, response.body, response.headers["etag"]) for response in both] == [
                (200, b"<rss/>", '"1"')
            ] * 2
        assert server.asked[0]["user-agent"].startswith("Firstword/")
        assert (len(server.asked), server.connections <= 2) == (2, True)


async def test_the_guard_holds_for_http2(certificate: Path) -> None:
    moved: dict[str, str] = {}
    answers = {"/moved": (302, moved, b""), "/elsewhere": (200, {"alt-svc": 'h2="127.0.0.1:1"'}, b"ok")}
    async with serving(certificate, answers) as server, serving(certificate, {"/": (200, {}, b"secret")}) as inner:
        moved["location"] = f"https://127.0.0.1:{inner.port}/"
        names = Names("127.0.0.1")
        settings = replace(SETTINGS, ca_file=str(certificate))
        async with GuardedClient(settings, resolver=names) as client:
            for url in (f"https://127.0.0.1:{inner.port}/", f"https://feeds.example:{inner.port}/"):
                with pytest.raises(ForbiddenAddress, match="loopback"):
                    await client.get(url)
        assert names.asked == ["feeds.example"]
        allowed = replace(settings, allow_private=(f"feeds.example:{server.port}",))
        async with GuardedClient(allowed, resolver=names) as client:
            url = f"https://feeds.example:{server.port}"
            for _ in range(2):  # an alternative service is never used, nor is a connection for another name
                assert (await client.get(f"{url}/elsewhere")).body == b"ok"
            with pytest.raises(ForbiddenAddress):
                await client.get(f"{url}/moved")
            with pytest.raises(ForbiddenAddress):
                await client.get(f"https://127.0.0.1:{server.port}/elsewhere")
        assert (inner.asked, inner.connections) == ([], 0)
        assert [asked[":path"] for asked in server.asked] == ["/elsewhere", "/elsewhere", "/moved"]


async def test_limits_hold_for_http2(certificate: Path) -> None:
    answers = {
        "/large": (200, {}, b"a" * 60_000),
        "/large-gzip": (200, {"content-encoding": "gzip"}, b"no gzip at all"),
    }
    async with serving(certificate, answers) as server:
        settings = replace(SETTINGS, allow_private=("127.0.0.1",), ca_file=str(certificate), max_body_bytes=50_000)
        async with GuardedClient(settings) as client:
            with pytest.raises(TooLarge):
                await client.get(f"https://127.0.0.1:{server.port}/large")
            with pytest.raises(InvalidResponse):
                await client.get(f"https://127.0.0.1:{server.port}/large-gzip")


async def test_without_http2_the_client_does_not_offer_it(certificate: Path) -> None:
    async with serving(certificate, {"/": (200, {}, b"ok")}) as server:
        settings = replace(SETTINGS, http2=False, allow_private=("127.0.0.1",), ca_file=str(certificate))
        async with GuardedClient(settings) as client:
            with pytest.raises(InvalidResponse):
                await client.get(f"https://127.0.0.1:{server.port}/")
