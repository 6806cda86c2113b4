"""Every command is listed here: with the entries that it leaves in the audit log, or with why it leaves none."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from sqlalchemy import select, update
from typer.testing import CliRunner

import firstword.storage.engine
from firstword.sample.files import example
from firstword.storage.dead_letters import DeadLetter, DeadLetters
from firstword.storage.engine import open_sqlite
from services.common.db import reading
from services.notifier.delivery.channels.base import Outcome
from services.notifier.tables import alerts, audit_log, deliveries
from services.notifier.tables import refusals as refused
from tests.command_line import Run, app, command_line
from tests.desk_world import World
from tests.fakes import ScriptedChannel

pytestmark = pytest.mark.slow

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
CLIENT, ADDRESS = "claire-arnaud", "https://news.example/rss"

#: By the words of a command: the entries it leaves. ``{…}`` stands for what the installation has.
AUDITED: dict[str, tuple[str, tuple[str, ...]]] = {
    "advice": ("", ("advice.read",)),
    "audit": ("--limit 3", ("audit.read",)),
    "audit export": ("-o {new}.csv", ("audit.exported",)),
    "backup": ("{new}.tar", ("installation.backed_up",)),
    "clients export": ("{new}.yaml", ("clients.exported",)),
    "clients import": ("{book}", ("book.imported",)),
    "clients list": ("", ("clients.listed",)),
    "clients remove": (CLIENT, ("client.removed",)),
    "clients show": (CLIENT, ("client.read",)),
    "clients undo": ("{import}", ("import.undone",)),
    "deliveries cancel": ("{pending}", ("draft.taken_back",)),
    "deliveries list": ("", ("deliveries.listed",)),
    "deliveries managers": ("", ("deliveries.listed",)),
    "deliveries retry": ("{failed}", ("delivery.again",)),
    "deliveries show": ("{pending}", ("delivery.read",)),
    "digest": ("mara", ("digest.read",)),
    "dlq drop": ("1", ("dead_letters.dropped",)),
    "dlq list": ("", ("dead_letters.listed",)),
    "dlq replay": ("--all", ("dead_letters.replayed",)),
    "dlq show": ("1", ("dead_letters.read",)),
    "events list": ("", ("events.listed",)),
    "events show": ("{event}", ("event.read",)),
    "explain": ("{alert}", ("alert.read",)),
    "export": ("{new}.jsonl", ("installation.exported",)),
    "feeds add": (f"{ADDRESS}2", ("feed.added",)),
    "feeds credentials": (f"{ADDRESS} --token", ("feed.credentials",)),
    "feeds full-text": (ADDRESS, ("feed.full_text",)),
    "feeds import": ("{opml}", ("feeds.imported",)),
    "feeds pack add": ("security", ("feeds.pack",)),
    "feeds pause": (ADDRESS, ("feed.paused",)),
    "feeds remove": (ADDRESS, ("feed.removed",)),
    "feeds resume": (ADDRESS, ("feed.resumed",)),
    "inlets create": ("desk --title Desk --grade B --reason Ours.", ("inlet.created",)),
    "inlets grade": ("press C --reason Known.", ("inlet.graded",)),
    "inlets remove": ("press", ("inlet.removed",)),
    "inlets token": ("press", ("token.created",)),
    "keys rotate": ("", ("keys.rotated",)),
    "noticed list": ("", ("noticed.listed",)),
    "noticed tell": ("{left_out}", ("alert.tell_requested",)),
    "people add": ("ann.lee compliance --name Ann", ("user.added",)),
    "people disable": ("manager-june", ("user.disabled",)),
    "people email": ("manager-mara mara@firm.example", ("user.email",)),
    "people enable": ("manager-tomas", ("user.enabled",)),
    "people end-sessions": ("manager-mara", ("session.all_ended",)),
    "people erase": (f"{CLIENT} --yes", ("client.erased",)),
    "people export": (f"{CLIENT} -o {{new}}.json", ("client.exported",)),
    "people reset-factor": ("manager-mara", ("user.factor_reset",)),
    "people retention": ("--run", ("retention.removed",)),
    "people role": ("manager-mara reader", ("user.role",)),
    "quarantine drop": ("1", ("quarantine.dropped",)),
    "quarantine list": ("", ("quarantine.listed",)),
    "quarantine replay": ("1", ("quarantine.replayed",)),
    "quarantine show": ("1", ("quarantine.read",)),
    "signin": ("--manager mara", ("user.link_created",)),
    "sources grade": ("news.example C --reason Known.", ("source.graded",)),
    "sources import": ("{ratings}", ("sources.imported",)),
    "sources reset": ("reuters.com", ("source.reset",)),
    "tokens create": ("crm", ("token.created",)),
    "tokens revoke": ("{token}", ("token.revoked",)),
    "webhooks add": ("https://crm.example/hook", ("webhook.added",)),
    "webhooks disable": ("{endpoint}", ("webhook.disabled",)),
    "webhooks enable": ("{endpoint}", ("webhook.enabled",)),
    "webhooks log": ("", ("webhook.log_read",)),
    "webhooks remove": ("{endpoint}", ("webhook.removed",)),
    "webhooks replay": ("{endpoint} --since 1h", ("webhook.replayed",)),
    "webhooks rotate": ("{endpoint}", ("webhook.rotated",)),
    "webhooks show": ("{endpoint} --secret", ("webhook.secret_read",)),
}
#: Those that open another folder, a server or a browser are tried elsewhere, or below.
AUDITED_ELSEWHERE = {
    "feeds watch": "feed.added; it needs a page to watch",
    "import": "installation.imported; below",
    "inlets mailbox": "inlet.created; tests/unit/firstword/cli/test_inlets.py",
    "inlets password": "feed.credentials; tests/unit/firstword/cli/test_inlets.py",
    "restore": "installation.restored; below",
    "up": "book.imported for the book that it is given; what people do then is theirs",
}
#: Neither data on clients, nor people, nor a decision of somebody: what is shown there is on every page or in files.
UNAUDITED = {
    "audit verify": "compares hashes",
    "clients check": "reads a file",
    "clients topics": "lists what ships with Firstword",
    "desk": "a process; what people do there is theirs",
    "doctor": "counts, and states of parts",
    "feeds export": "addresses of feeds",
    "feeds list": "addresses of feeds",
    "feeds pack list": "lists what ships with Firstword",
    "feeds pack show": "addresses of feeds, and companies without the clients who have them",
    "feeds test": "asks a feed, and keeps nothing",
    "gate check": "reads a file",
    "gate show": "settings of the firm",
    "inlets list": "names of inlets",
    "inlets push": "news, which is in the items themselves",
    "keys new": "prints a random text",
    "lag": "counts",
    "migrate": "tables, not what is in them",
    "parse": "reads files",
    "people list": "who may sign in",
    "people roles": "lists what ships with Firstword",
    "people sessions": "who is signed in",
    "people tables": "lists what ships with Firstword",
    "playbooks check": "reads files",
    "playbooks list": "advice of the firm",
    "playbooks try": "invented clients",
    "replay": "reads files; a book for a folder is in its log as book.imported",
    "sample play": "invented clients",
    "sources explain": "publishers",
    "sources list": "publishers",
    "tokens list": "names of tokens",
    "topics apply": "topics, not what is in them",
    "topics check": "topics, not what is in them",
    "topics plan": "topics, not what is in them",
    "trades check": "reads files",
    "trades list": "trades of the firm",
    "trades new": "writes a file",
    "trades show": "trades of the firm",
    "webhooks list": "addresses of endpoints",
    "webhooks test": "posts an invented event",
    "worker": "a process",
}


class Installation(NamedTuple):
    """A data folder with something of everything, and the names of what is in it."""

    folder: Path
    names: dict[str, str]


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the words of every command; the root and most groups do nothing by themselves."""
    inner = getattr(command, "commands", None)
    if inner is None or (words and command.invoke_without_command):
        yield " ".join(words)
    for name, found in (inner or {}).items():
        yield from commands(found, (*words, name))


def test_every_command_is_listed_as_audited_or_not() -> None:
    listed = [*AUDITED, *AUDITED_ELSEWHERE, *UNAUDITED]
    assert sorted(commands(typer.main.get_command(app))) == sorted(listed)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Installation:
    """Prepare the installation once; each test gets a copy."""
    place = tmp_path_factory.mktemp("prepared")
    folder, runner = place / "data", CliRunner()
    folder.mkdir()

    def run(*words: str, given: str = "") -> str:
        result = runner.invoke(app, list(words), input=given, env={"FIRSTWORD_DATA": str(folder)})
        assert result.exit_code == 0, (words, result.output, result.exception)
        return result.stdout

    world = World.on(open_sqlite(shutil.copyfile(migrated_file, folder / "firstword.db")))
    made = {}
    for client, verdict in (("yusuf", "tell"), (CLIENT, "warn")):
        line = world.draft(client, verdict)
        world.desk("approve", line.id, line.version, at_once=True)
        if client == "yusuf":
            asyncio.run(world.worker(ScriptedChannel(Outcome("rejected", "no such address"))).deliver_due())
        with reading(world.engine) as connection:
            query = select(deliveries.c.id).where(deliveries.c.client_id == client)
            made[client] = connection.execute(query).scalar_one()
    with world.engine.begin() as connection:
        connection.execute(update(refused).values(at=datetime(2001, 1, 1, tzinfo=UTC)))
        known = connection.execute(select(alerts.c.id, alerts.c.story_id).where(alerts.c.client_id == CLIENT)).first()
        query = select(alerts.c.payload).join(refused, refused.c.alert_id == alerts.c.id)
        untold = [alert["id"] for alert in connection.execute(query).scalars() if alert["information_grade"] < 5]
        DeadLetters().add(connection, DeadLetter("annotate", 1, "items", 7, b"{", "no JSON", "UnreadableEvent", AT))
    world.engine.dispose()
    assert known is not None
    run("clients", "import", str(example("book.yaml")))
    table = place / "clients.csv"
    table.write_text("id,name,manager,assets\nann,Ann Example,mara,Halden Energy\n")
    imported = run("clients", "import", str(table), "--manager", "mara").split()[-1]
    run("feeds", "add", ADDRESS)
    run("inlets", "create", "press", "--title", "Press", "--grade", "B", "--reason", "Ours.")
    run("signin", "--manager", "mara")
    run("signin", "--manager", "tomas")
    run("people", "disable", "manager-tomas")
    run("tokens", "create", "old")
    endpoint = json.loads(run("webhooks", "add", "https://hooks.example/", "--json"))["id"]
    (token,) = (token["id"] for token in json.loads(run("tokens", "list", "--json")) if token["name"] == "old")
    (place / "ratings.csv").write_text("domain,score\nnews.example,0.7\n")
    (place / "feeds.opml").write_text(
        f'<opml version="2.0"><body><outline type="rss" text="News" xmlUrl="{ADDRESS}3"/></body></opml>'
    )
    names = {
        "alert": known.id, "event": known.story_id, "pending": made[CLIENT], "failed": made["yusuf"],
        "import": imported, "token": token, "endpoint": endpoint, "left_out": untold[0], "new": str(place / "new"),
        "book": str(example("book.yaml")), "ratings": str(place / "ratings.csv"), "opml": str(place / "feeds.opml"),
    }  # fmt: skip
    return Installation(folder, names)


@pytest.fixture
def installation(prepared: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return a copy of the installation, as the one that commands use."""
    folder = Path(shutil.copytree(prepared.folder, tmp_path / "data"))
    monkeypatch.setenv("FIRSTWORD_DATA", str(folder))
    return Installation(folder, prepared.names | {"new": str(tmp_path / "new")})


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command_line(monkeypatch, capsys)


def entries(folder: Path, after: int = 0) -> list[tuple[int, str, str]]:
    engine = open_sqlite(folder / "firstword.db")
    columns = audit_log.c.id, audit_log.c.user_id, audit_log.c.action
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(audit_log.c.id > after).order_by(audit_log.c.id)).all()
    engine.dispose()
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("command", AUDITED)
def test_it_is_in_the_audit_log(
    installation: Installation, run: Run, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, expected = AUDITED[command]
    monkeypatch.setattr(sys, "stdin", io.StringIO("a-secret\n"))
    last = entries(installation.folder)[-1][0]
    ran = run(*command.split(), *words.format(**installation.names).split())
    assert ran.code == 0, ran.err
    found = {(user, action) for _, user, action in entries(installation.folder, last)}
    assert found == {("retention" if command == "people retention" else "ops", action) for action in expected}


def test_a_backup_says_that_it_was_made_and_restored(installation: Installation, run: Run, tmp_path: Path) -> None:
    file, target = tmp_path / "b.tar", tmp_path / "restored"
    assert run("backup", file).code == 0
    assert run("restore", file, "--data", target).code == 0
    assert [entry[1:] for entry in entries(target)][-2:] == [
        ("ops", "installation.backed_up"), ("ops", "installation.restored"),
    ]  # fmt: skip
    assert ("ops", "installation.restored") not in [entry[1:] for entry in entries(installation.folder)]


def test_an_import_of_an_installation_is_in_the_log_of_the_new_one(
    installation: Installation, run: Run, tmp_path: Path
) -> None:
    assert run("export", tmp_path / "all.jsonl").code == 0
    assert run("import", tmp_path / "all.jsonl", "--data", tmp_path / "target").code == 0
    assert entries(tmp_path / "target")[-1][1:] == ("ops", "installation.imported")


def test_a_book_for_a_replay_into_a_folder_is_in_its_log(installation: Installation, run: Run, tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("")
    words = ("replay", "--items", tmp_path / "items.jsonl", "--book", example("book.yaml"), "--data", tmp_path / "r")
    assert run(*words).code == 0
    assert entries(tmp_path / "r")[-1][1:] == ("ops", "book.imported")


def test_a_backup_is_made_even_if_the_log_cant_be_written(
    installation: Installation, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firstword.storage.engine, "BUSY_TIMEOUT_SECONDS", 0.05)
    with closing(sqlite3.connect(installation.folder / "firstword.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        ran = run("backup", tmp_path / "b.tar")
    assert (ran.code, "not in the audit log" in ran.err, (tmp_path / "b.tar").exists()) == (0, True, True)
