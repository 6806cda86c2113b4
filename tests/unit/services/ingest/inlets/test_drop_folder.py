"""Files that are put into an inlet's folder are read once, moved, and lead Firstword to no other file."""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from schemas.feeds import Feed
from services.common.errors import BadInput
from services.ingest.inlets.drop_folder import DropFolder, FolderUnusable, create_drop_folder
from services.ingest.inlets.files import read_file
from services.ingest.poll import PollResult
from services.ingest.service import IngestService
from tests.patience import PATIENCE_SECONDS
from tests.unit.services.ingest.harness import NOON, Ingest, rss
from tests.unit.services.ingest.inlets.test_taking import NoWeb

OLD = NOON.timestamp() - 60
MAIL = b"""From: =?utf-8?q?Reuters_=C3=84?= <news@reuters.com>
Subject: Halden cuts
 its dividend
Date: Wed, 04 Mar 2026 11:00:00 +0000
Message-ID: <1@reuters.com>
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=nonsense

Plain.
--b
Content-Type: text/html; charset=utf-8

<p>Halden cuts.</p><script>x()</script>
--b--
"""


class Dropping(Ingest):
    """An ingest service with one inlet whose folder is ``folder``."""

    def __init__(self, engine: Engine, root: Path) -> None:
        super().__init__(engine, NoWeb())
        self.service = IngestService(engine, NoWeb(), self.publisher, self.clock, inlet_folders=root)
        self.id = self.service.add_inlet("desk", title="Our desk", folder=True).id
        self.folder = self.service.folder_of("desk")

    def put(self, name: str, content: bytes, at: float = OLD) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        os.utime(path, (at, at))
        return path

    async def look(self) -> PollResult:
        return await self.poll(self.id)

    def names(self, inner: str) -> list[str]:
        return sorted(path.name for path in (self.folder / inner).iterdir())


@pytest.fixture
def drop(database: Engine, tmp_path: Path) -> Dropping:
    return Dropping(database, tmp_path / "inlets")


async def test_files_of_each_kind_are_read_once_and_moved(drop: Dropping) -> None:
    drop.put("b.jsonl", b'\xef\xbb\xbf{"title": "One", "id": "1"}\n\n{"title": "One, edited", "id": "1"}\r\n', OLD - 2)
    drop.put("a.xml", rss("two", "three"), OLD - 1)
    drop.put("mail.eml", MAIL)
    first = await drop.look()
    assert (first.new, first.revised, first.health.status, first.outcome.kind) == (4, 1, "ok", "fetched")
    assert [data.item.title for data in drop.items()] == [
        "One", "One, edited", "two", "three", "Halden cuts its dividend",
    ]  # fmt: skip
    assert drop.names("done") == ["20260304T120000Z-a.xml", "20260304T120000Z-b.jsonl", "20260304T120000Z-mail.eml"]
    assert drop.names("failed") == []
    assert {data.item.source.feed_url for data in drop.items()} == {"https://desk.inlet.invalid/"}
    mail = drop.items()[-1].item
    assert (mail.source.publisher, mail.body, mail.authors) == ("Reuters Ä", "Halden cuts.", ("Reuters Ä",))
    drop.put("a.xml", rss("two", "three"))
    again = await drop.look()
    assert (again.new, again.revised) == (0, 0)
    assert "2-20260304T120000Z-a.xml" in drop.names("done"), "no file takes the place of another"


async def test_what_cannot_be_read_is_set_aside_with_the_reason(drop: Dropping) -> None:
    drop.put("half.jsonl", b'{"title": "Good", "id": "1"}\n{"title": "", "id": "2"}\nno json\n')
    drop.put("page.xml", b"<html><body>Not a feed</body></html>")
    drop.put("empty.jsonl", b"")
    drop.put("letter.docx", b"PK")
    drop.put("nobody.eml", b"Hello")
    result = await drop.look()
    assert (result.new, result.health.status) == (1, "broken"), "the good line is taken"
    assert "Put a corrected file in again" in (result.health.mend or "")
    reasons = {name.partition("-")[2]: (drop.folder / "failed" / name).read_text() for name in drop.names("failed")}
    assert reasons["half.jsonl.reason.txt"].splitlines()[0].startswith("half.jsonl:2: title: ")
    assert "half.jsonl:3: Not JSON" in reasons["half.jsonl.reason.txt"]
    assert "There is nothing in this file" in reasons["empty.jsonl.reason.txt"]
    assert "JSON lines (.jsonl)" in reasons["letter.docx.reason.txt"]
    assert "not a message" in reasons["nobody.eml.reason.txt"]
    assert len(reasons["page.xml.reason.txt"]) > 20
    for name in drop.names("failed"):
        (drop.folder / "failed" / name).unlink()
    assert (await drop.look()).health.status == "ok", "somebody took care of them"
    assert drop.health() == ["waiting → broken", "broken → ok"]


async def test_no_link_leads_out_of_the_folder(drop: Dropping, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(b'{"title": "Secret", "id": "1"}\n')
    (drop.folder / "soft.jsonl").symlink_to(secret)
    (drop.folder / "hard.jsonl").hardlink_to(secret)
    os.mkfifo(drop.folder / "pipe.jsonl")
    (drop.folder / "sub.jsonl").mkdir()
    os.utime(secret, (OLD, OLD))
    for name in ("soft.jsonl", "pipe.jsonl"):
        os.utime(drop.folder / name, (OLD, OLD), follow_symlinks=False)
    result = await drop.look()
    assert (result.new, drop.items(), secret.exists()) == (0, [], True)
    moved = [name.partition("-")[2] for name in drop.names("failed")]
    assert [name for name in moved if not name.endswith(".reason.txt")] == ["hard.jsonl", "pipe.jsonl", "soft.jsonl"]
    assert (drop.folder / "sub.jsonl").is_dir()


async def test_a_second_name_of_a_file_is_not_even_opened(drop: Dropping, tmp_path: Path) -> None:
    database = tmp_path / "firstword.db"
    database.write_bytes(b"secret")
    os.utime(database, (OLD, OLD))
    (drop.folder / "hard.jsonl").hardlink_to(database)
    others = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with database.open("r+b") as opened:
        fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        await drop.look()
        assert [name for name in drop.names("failed") if name.endswith("hard.jsonl")]
        tried = await asyncio.create_subprocess_exec(
            sys.executable, "-c", others, str(database), stderr=asyncio.subprocess.DEVNULL
        )
        assert await tried.wait() != 0, "the lock is still ours"


@pytest.mark.parametrize("kind", ["link", "pipe"])
async def test_reasons_are_written_to_no_file_that_is_there(drop: Dropping, tmp_path: Path, kind: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    drop.put("bad.txt", b"?")
    waiting = drop.folder / "failed" / f"{NOON:%Y%m%dT%H%M%SZ}-bad.txt.reason.txt"
    if kind == "link":
        waiting.hardlink_to(precious)
    else:
        os.mkfifo(waiting)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await drop.look()
    assert precious.read_text() == "kept"
    reason = next(path for path in (drop.folder / "failed").iterdir() if path.name.startswith("2-"))
    assert "bad.txt" in reason.name


async def test_a_folder_that_is_a_link_or_missing_is_not_used(drop: Dropping, tmp_path: Path) -> None:
    drop.put("a.jsonl", b'{"title": "One", "id": "1"}\n')
    (drop.folder / "done").rmdir()
    (drop.folder / "done").symlink_to(tmp_path)
    result = await drop.look()
    assert (result.new, result.health.status) == (0, "unreachable")
    assert "not links" in (result.health.mend or "")
    (drop.folder / "done").unlink()
    create_drop_folder(drop.folder)
    assert (await drop.look()).new == 1
    moved = drop.folder.rename(tmp_path / "elsewhere")
    drop.folder.symlink_to(moved)
    with pytest.raises(FolderUnusable), DropFolder(drop.folder):
        pass


async def test_a_file_that_is_still_written_waits(drop: Dropping) -> None:
    line = b'{"title": "One", "id": "1"}\n'
    for name in (".hidden.jsonl", "a.jsonl.part", "b.jsonl~"):
        drop.put(name, line)
    drop.put("fresh.jsonl", line, NOON.timestamp() - 1)
    assert (await drop.look()).new == 0
    drop.clock.advance(seconds=30)
    assert (await drop.look()).new == 1
    drop.put("ahead.jsonl", line.replace(b"One", b"Two"), NOON.timestamp() + 9_000)
    assert (await drop.look()).revised == 1, "a clock that is ahead keeps no file waiting"


async def test_a_crash_before_the_move_repeats_nothing(drop: Dropping, monkeypatch: pytest.MonkeyPatch) -> None:
    drop.put("a.jsonl", b'{"title": "One", "id": "1"}\n')
    with monkeypatch.context() as crash:
        crash.setattr(DropFolder, "finish", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(OSError, match="power cut"):
            await drop.look()
    assert [data.item.title for data in drop.items()] == ["One"]
    assert (await drop.look()).new == 0
    assert (len(drop.items()), len(drop.names("done"))) == (1, 1)


async def test_a_paused_inlet_leaves_its_files(drop: Dropping) -> None:
    path = drop.put("a.jsonl", b'{"title": "One", "id": "1"}\n')
    drop.service.pause_feed(drop.id)
    assert await drop.service.poll(drop.id) is None
    assert path.exists()
    drop.service.resume_feed(drop.id)
    assert drop.service.list_feeds()[0].health.next_poll_at == NOON
    assert (await drop.look()).new == 1


async def test_names_of_any_bytes_and_length_are_moved(drop: Dropping) -> None:
    for name in (b"\xff\xfe.jsonl", b"x" * 240 + b".jsonl", "Überschrift.jsonl".encode()):
        drop.put(os.fsdecode(name), b"no json")
    result = await drop.look()
    assert result.health.reason is not None
    result.health.reason.encode("utf-8")
    assert len(drop.names("failed")) == 6


def test_folders_need_a_place(database: Engine) -> None:
    with pytest.raises(BadInput, match="no folder for inlets"):
        Ingest(database, NoWeb()).service.add_inlet("desk", title="Our desk", folder=True)


@pytest.mark.parametrize("raw", [MAIL[:length] for length in range(0, len(MAIL), 37)] + [b"From: a\n" * 5_000])
def test_any_beginning_of_a_message_is_read_or_refused(raw: bytes) -> None:
    read = read_file(raw, "m.eml", Feed(id="f", url="https://desk.inlet.invalid/", title="Our desk"), NOON)
    assert bool(read.batches) != bool(read.problems)
