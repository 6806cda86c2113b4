"""A feed's credentials reach its own server and nobody else, and nothing that is written or shown has them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from firstword.storage.engine import open_sqlite
from services.common.errors import BadInput
from services.common.sealing import Keys, LockedSecret, new_key
from services.ingest.fetch.credentials import Credential, basic, bearer, header, origin_of, without_user
from services.ingest.fetch.fetchers import FetcherByScheme
from services.ingest.opml import read_opml
from services.ingest.repository import Repository
from services.ingest.service import IngestService
from services.ingest.tables import feed_credentials
from tests.fakes import CollectingPublisher, FakeClock
from tests.http_server import Reply, Request, serving
from tests.unit.services.ingest.harness import NOON, rss, running

SECRET = "s3cret-of-the-wire"


@pytest.fixture
def engine(database: Engine) -> Engine:
    return database.execution_options(keys=Keys([new_key()], "a test"))


@pytest.fixture
def sqlite(migrated_file: Path, tmp_path: Path) -> Iterator[Engine]:
    engine = open_sqlite(shutil.copyfile(migrated_file, tmp_path / "test.db"))
    yield engine.execution_options(keys=Keys([new_key()], "a test"))
    engine.dispose()


def listing(engine: Engine) -> IngestService:
    """A service that fetches nothing."""
    return IngestService(engine, FetcherByScheme({}), CollectingPublisher(), FakeClock(NOON))


def test_only_the_origin_gets_the_header() -> None:
    bound = bearer(SECRET).bound_to("https://Wire.example/feed")
    assert bound.origin == "https://wire.example:443"
    assert bound.headers_for("https://wire.example:443/other") == {"authorization": f"Bearer {SECRET}"}
    for other in ("http://wire.example/", "https://wire.example:8443/", "https://x.wire.example/", "file:///feed.xml"):
        assert bound.headers_for(other) == {}
    assert bearer(SECRET).headers_for("https://wire.example/") == {}, "bound to nothing"
    assert origin_of("nonsense") == origin_of("file:///a") == ""
    assert SECRET not in repr(bound)


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (basic, ("", SECRET)), (basic, ("a:b", SECRET)), (basic, ("a", f"{SECRET}\n")), (bearer, (f"{SECRET} x",)),
        (bearer, ("",)), (header, ("X-Key", f"{SECRET}\r\nX: y")), (header, ("Host", SECRET)),
        (header, ("X Key", SECRET)),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_without_being_repeated(
    make: Callable[..., Credential], given: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput) as caught:
        make(*given)
    assert SECRET not in str(caught.value)


def test_a_user_in_an_address_becomes_a_credential() -> None:
    url, credential = without_user("https://ada:p%40ss@wire.example/feed?a=1")
    assert url == "https://wire.example/feed?a=1"
    assert credential == basic("ada", "p@ss").bound_to(url)
    assert without_user("https://wire.example/@news") == ("https://wire.example/@news", None)
    assert without_user("https://[wire.example/feed") == ("https://[wire.example/feed", None), "it is no address"
    for secret in ("https://ada:p-a-s@[wire.example/feed", "https://ada:p-a-s@w\u2100re.example/feed"):
        with pytest.raises(BadInput, match="not a valid address") as refused:
            without_user(secret)
        assert "p-a-s" not in str(refused.value)
        listed = read_opml(f'<opml><body><outline title="Wire" xmlUrl="{secret}"/></body></opml>'.encode())
        assert (listed.feeds, len(listed.problems)) == ((), 1)


async def test_a_feed_is_read_with_its_credentials_which_are_shown_nowhere(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    credential = basic("ada", SECRET)
    caplog.set_level("DEBUG", logger="services")

    def answer(request: Request) -> Reply:
        allowed = request.headers.get(credential.name) == credential.value
        return Reply(200, rss("1 Halden cuts prices")) if allowed else Reply(401, b"no")

    async with running(engine, answer) as (ingest, server):
        feed = ingest.service.add_feed(server.url("/feed"))
        refused = await ingest.poll(feed.id)
        assert "firstword feeds credentials" in (refused.health.mend or "")
        with pytest.raises(BadInput, match="unencrypted"):
            ingest.service.set_credential(feed.id, credential)
        assert ingest.service.set_credential(feed.url, credential, unencrypted=True) == server.url("")
        assert ingest.service.list_feeds()[0].health.next_poll_at == ingest.clock.now(), "it is polled at once"
        assert (await ingest.service.test_feed(feed.url)).is_feed
        assert (await ingest.poll(feed.id)).new == 1
        with engine.connect() as connection:
            stored = [str(value) for row in connection.execute(select(feed_credentials)) for value in row]
        state = ingest.service.list_feeds()[0]
        shown = [
            *stored, repr(state), str(ingest.service.export_feeds()), caplog.text, str(asdict(refused)),
            *(event.model_dump_json() for event in ingest.publisher.events),
        ]  # fmt: skip
        assert not [text for text in shown if SECRET in text or credential.value in text]
        ingest.service.remove_credential(feed.id)
        assert (await ingest.poll(feed.id)).outcome.kind == "unreachable"


@pytest.mark.parametrize("status", [302, 301])
async def test_another_server_never_gets_them(sqlite: Engine, status: int) -> None:
    async with serving(lambda _: Reply(403, b"no")) as other:
        moved = Reply(status, b"", {"location": other.url("/feed")})
        async with running(sqlite, lambda _: moved) as (ingest, server):
            feed = ingest.service.add_feed(server.url("/feed"))
            ingest.service.set_credential(feed.id, header("X-Api-Key", SECRET), unencrypted=True)
            result = await ingest.poll(feed.id)
            assert server.requests[0].headers["x-api-key"] == SECRET
            assert other.requests
            assert "x-api-key" not in other.requests[0].headers
            assert "does not get the credentials" in (result.health.reason or "")


async def test_wrong_and_locked_credentials_have_their_own_reasons(sqlite: Engine) -> None:
    async with running(sqlite, lambda _: Reply(401, b"no")) as (ingest, server):
        feed = ingest.service.add_feed(server.url("/feed"))
        ingest.service.set_credential(feed.id, bearer(SECRET), unencrypted=True)
        assert "refuses the feed's credentials" in ((await ingest.poll(feed.id)).health.reason or "")
        ingest.engine = ingest.service._engine = ingest.service._poller._engine = sqlite.execution_options(
            keys=Keys([new_key()], "another place")
        )
        locked = await ingest.poll(feed.id)
        assert locked.outcome.kind == "unreachable"
        assert "another place" in (locked.outcome.reason or "")
        assert len(server.requests) == 1, "nothing is asked without them"


def test_an_imported_list_gives_no_password_away(sqlite: Engine) -> None:
    opml = (
        '<opml version="2.0"><body>'
        f'<outline type="rss" text="Wire" xmlUrl="https://ada:{SECRET}@wire.example/feed"/>'
        f'<outline type="rss" text="Plain" xmlUrl="http://ada:{SECRET}@plain.example/feed"/>'
        f'<outline type="rss" text="Odd" xmlUrl="ftp://ada:{SECRET}@odd.example/feed"/></body></opml>'
    )
    service = listing(sqlite)
    done = service.import_feeds(opml.encode())
    assert [feed.url for feed in done.added] == ["https://wire.example/feed"]
    assert len(done.problems) == 2
    assert SECRET not in f"{done}{service.export_feeds()!r}"
    credential = service.list_feeds()[0].credential
    assert credential is not None
    assert credential.open() == basic("ada", SECRET).bound_to("https://wire.example/")


def test_keys_are_rotated(database: Engine) -> None:
    old, new = new_key(), new_key()
    repository = Repository()
    sealing = database.execution_options(keys=Keys([old], "a test"))
    listing(sealing).add_feed(f"https://ada:{SECRET}@wire.example/feed")
    with database.execution_options(keys=Keys([new], "a test")).begin() as connection:
        assert (repository.count_unsealed(connection), repository.seal_all(connection)) == (1, 1)
        credential = repository.all(connection)[0].credential
        assert credential is not None
        with pytest.raises(LockedSecret):
            credential.open()
    with database.execution_options(keys=Keys([new, old], "a test")).begin() as connection:
        assert repository.seal_all(connection) == 0
    with database.execution_options(keys=Keys([new], "a test")).begin() as connection:
        credential = repository.all(connection)[0].credential
        assert credential is not None
        assert json.loads(Keys([new], "a test").open(credential.stored))["origin"] == "https://wire.example:443"
