"""The command line: results, errors with their fix, exit codes, and never a traceback."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from firstword import __version__
from firstword.cli import python_version
from firstword.compose import common
from firstword.sample.files import example
from services.common.settings import read_settings
from services.ingest.tables import feeds
from tests.command_line import Run, command_line

FEED = """<rss version="2.0"><channel><title>News Example</title><link>https://news.example/</link>
<item><title>Zürich opens “Halle 7”</title><link>https://news.example/1?utm_source=x</link><guid>1</guid>
<pubDate>Mon, 05 Jan 2026 09:00:00 GMT</pubDate><description>&lt;b&gt;Bold&lt;/b&gt; news</description></item>
</channel></rss>"""
ITEM = {"url": "https://news.example/1", "title": "Halden Energy cuts its dividend by half, company says"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.setenv("FIRSTWORD_DATA", str(tmp_path / "data"))
    return command_line(monkeypatch, capsys)


def test_help_and_version_are_printed(run: Run) -> None:
    assert run("--version").out.strip() == f"firstword {__version__}"
    for command in ("up", "parse", "replay", "explain", "feeds", "clients", "doctor", "signin"):
        assert command in run("--help").out
        assert run(command, "--help").code == 0


def test_parse_prints_one_item_per_line(run: Run, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(FEED, encoding="utf-8")
    ran = run("parse", str(feed), "--feed-url", "https://news.example/rss")
    (item,) = ran.lines()
    assert ran.code == 0
    assert list(item) == [
        *("id", "url", "title", "summary", "body", "language", "published_at", "updated_at", "fetched_at"),
        *("authors", "categories", "source", "dated", "filers"),
    ]
    assert item["title"] == "Zürich opens “Halle 7”"
    assert item["summary"] == "Bold news"
    assert item["published_at"] == "2026-01-05T09:00:00Z"
    assert item["source"] == {
        "feed_url": "https://news.example/rss",
        "host": "news.example",
        "publisher": "News Example",
        "owner": None,
    }


def test_parse_reports_a_file_that_is_not_a_feed_and_continues(run: Run, tmp_path: Path) -> None:
    good, page, empty = tmp_path / "good.xml", tmp_path / "page.html", tmp_path / "empty.xml"
    good.write_text(FEED, encoding="utf-8")
    page.write_text("<!doctype html><html><body>Not found</body></html>", encoding="utf-8")
    empty.touch()
    ran = run("parse", str(page), str(good), str(empty))
    assert (ran.code, len(ran.lines())) == (0, 1)
    assert f"error: {page}: " in ran.err
    assert f"error: {empty}: " in ran.err
    assert run("parse", str(page)).code == 1
    assert run("parse", str(good), str(page), "--strict").code == 1


def test_a_missing_file_is_named(run: Run) -> None:
    ran = run("parse", "nowhere.xml")
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere.xml: No such file or directory" in ran.err


def test_replay_reports_a_bad_line_and_continues(run: Run, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    lines = [
        json.dumps({**ITEM, "mood": "good", "published_at": "2026-01-05T09:00:00Z"}),
        "{not json",
        '{"title": "x"}',
    ]
    items.write_text("\n".join(lines), encoding="utf-8")
    book = str(example("book.yaml"))
    ran = run("replay", "--book", book, "--items", str(items), "--emit", "mentions,claims")
    assert ran.code == 1
    assert [line["type"] for line in ran.lines()] == ["claim", "mention"]
    assert f"{items}:2" in ran.err
    assert f"{items}:3" in ran.err
    assert "mood" in ran.err


def test_replay_names_missing_and_invalid_options(run: Run, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text(json.dumps(ITEM), encoding="utf-8")
    assert "--book" in run("replay", "--items", str(items)).err
    wrong = run("replay", "--items", str(items), "--book", str(example("book.yaml")), "--emit", "alerts,gossip")
    assert (wrong.code, wrong.out) == (2, "")
    assert "'gossip' can't be printed" in wrong.err


def test_a_kept_alert_can_be_explained(run: Run, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    host = {"feed_url": "https://www.reuters.com/feed", "host": "www.reuters.com", "publisher": "Reuters"}
    items.write_text(json.dumps({**ITEM, "published_at": "2026-01-05T09:00:00Z", "source": host}), encoding="utf-8")
    data = str(tmp_path / "kept")
    ran = run("replay", "--book", str(example("book.yaml")), "--items", str(items), "--emit", "alerts", "--data", data)
    alert = ran.lines()[0]
    explained = run("explain", str(alert["id"]), "--data", data)
    assert explained.code == 0
    assert "Rules" in explained.out
    assert "Halden Energy cuts its dividend by half" in explained.out
    as_json = json.loads(run("explain", str(alert["id"]), "--data", data, "--json").out)
    assert (as_json.pop("explanation")["name"], as_json) == ("Halden Energy", alert)
    ambiguous = run("explain", "alr_", "--data", data)
    assert (ambiguous.code, "begin with" in ambiguous.err) == (2, True)
    assert run("explain", "alr_nothing", "--data", data).code == 2


def test_only_a_channel_or_trust_lends_a_publishers_grade(run: Run, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    said = {"host": "www.reuters.com", "publisher": "Reuters"}
    items.write_text(json.dumps({**ITEM, "published_at": "2026-01-05T09:00:00Z", "source": said}), encoding="utf-8")
    arguments = ("replay", "--book", str(example("book.yaml")), "--items", str(items), "--emit", "alerts")
    (unknown,) = run(*arguments).lines()[:1]
    (trusted,) = run(*arguments, "--trust-sources").lines()[:1]
    assert (unknown["source_grade"], trusted["source_grade"], trusted["verdict"]) == ("F", "B", "tell")
    assert unknown["verdict"] != "tell"
    assert any("It says it is from Reuters" in reason["text"] for reason in unknown["reasons"])  # type: ignore[attr-defined]


def test_a_feed_is_added_with_whom_it_speaks_for(run: Run, tmp_path: Path) -> None:
    feed = tmp_path / "data" / "feeds" / "own.xml"
    feed.parent.mkdir(parents=True)
    feed.write_text(FEED, encoding="utf-8")
    without = run("feeds", "add", feed.as_uri())
    assert without.code == 0
    assert "unknown origin (F)" in without.out
    assert run("feeds", "add", feed.as_uri(), "--speaks-for", "reuters.com").code == 2
    vouched = run("feeds", "add", feed.as_uri(), "--speaks-for", "Reuters.com", "--ground", "It is our own copy.")
    assert "Speaks for Reuters (reuters.com), grade A: It is our own copy." in vouched.out
    (listed,) = json.loads(run("feeds", "list", "--json").out)
    assert (listed["speaks_for"], listed["ground"]) == (["reuters.com"], "It is our own copy.")
    assert "reuters.com" in run("feeds", "list").out
    gone = run("feeds", "add", (feed.parent / "none.xml").as_uri())
    assert gone.code == 0
    assert "warning" in gone.err


def test_of_a_page_its_feed_is_added_and_of_several_none(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "data" / "feeds" / "page.html"
    page.parent.mkdir(parents=True)
    link = '<link rel="alternate" type="application/rss+xml" href="https://news.example/{}">'
    page.write_text(f"<!doctype html><html><head>{link.format('rss')}</head></html>", encoding="utf-8")
    assert "its feed is https://news.example/rss" in run("feeds", "add", page.as_uri()).out
    page.write_text(f"<!doctype html><html><head>{link.format('a')}{link.format('b')}</head></html>", encoding="utf-8")
    several = run("feeds", "add", page.as_uri())
    assert several.code == 2
    assert {"https://news.example/a", "https://news.example/b"} <= set(several.out.split())
    assert [feed["url"] for feed in json.loads(run("feeds", "list", "--json").out)] == ["https://news.example/rss"]


def test_a_password_is_read_from_standard_input_and_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("feeds", "add", "https://wire.invalid/rss")
    assert run("feeds", "credentials", "https://wire.invalid/rss").code == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO("open-sesame\n"))
    stored = run("feeds", "credentials", "https://wire.invalid/rss", "--user", "ada")
    assert stored.code == 0
    assert "Only https://wire.invalid:443 gets them" in stored.out
    listed, log, export = run("feeds", "list", "--json"), run("audit"), run("feeds", "export")
    assert json.loads(listed.out)[0]["credentials"] == "basic"
    assert "feed.credentials" in log.out
    assert not [ran for ran in (stored, listed, log, export) if "open-sesame" in ran.out + ran.err]
    assert run("keys", "rotate").code == 0
    assert run("feeds", "credentials", "https://wire.invalid/rss", "--remove").code == 0


def test_a_pack_of_feeds_is_listed_shown_and_added_once(run: Run) -> None:
    listed = run("feeds", "pack", "list").out
    assert "statistics" in listed
    assert "edgar" in listed
    assert "https://www.debian.org/security/dsa" in run("feeds", "pack", "show", "security").out
    assert run("feeds", "list").out.startswith("No feeds yet.")
    assert ", 0 already present" in run("feeds", "pack", "add", "statistics").out
    assert "0 added, 5 already present" in run("feeds", "pack", "add", "statistics").out
    assert json.loads(run("feeds", "list", "--json").out)[0]["group"] == "Statistics"
    assert run("feeds", "pack", "add", "sports").code == 2
    assert run("feeds", "pack", "add", "statistics", "--cik", "320193").code == 2


def test_the_sec_is_not_asked_without_a_contact(run: Run) -> None:
    refused = run("feeds", "pack", "add", "edgar")
    assert refused.code == 2
    assert "FIRSTWORD_CONTACT" in refused.err


def test_firstwords_own_files_are_no_feeds_and_nobody_else_reads_them(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("feeds", "add", "https://news.example/rss").code == 0
    (data / "secret").write_text("the-key-that-signs-every-session", encoding="ascii")
    for name in ("secret", "firstword.db", "feeds/../secret"):
        tried = run("feeds", "test", f"{data.as_uri()}/{name}")
        assert tried.code == 1
        assert "outside the folders that feeds may be read from" in tried.err
        assert "the-key" not in tried.out + tried.err
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    rights = {stat.S_IMODE(path.stat().st_mode) for path in data.iterdir() if path.name.startswith("firstword.db")}
    assert rights == {0o600}


def test_errors_in_a_book_are_reported_line_by_line(run: Run, tmp_path: Path) -> None:
    book = tmp_path / "book.yaml"
    book.write_text(
        "version: 1\nfirm: {name: X, trade: wealth}\nmanagers: [{id: m, name: M}]\n"
        "clients:\n  - name: Claire\n    risk: tiny\n    assetts: []\n",
        encoding="utf-8",
    )
    ran = run("clients", "check", str(book))
    assert ran.code == 1
    assert f"{book}:6: error: " in ran.out
    assert f"{book}:7: error: " in ran.out
    assert "assets" in ran.out
    reported = json.loads(run("clients", "check", str(book), "--json").out)
    assert {problem["line"] for problem in reported} == {6, 7}
    imported = run("clients", "import", str(book))
    assert (imported.code, imported.out) == (2, "")


def test_clients_of_whom_the_book_says_too_little_are_listed_as_advice(run: Run, tmp_path: Path) -> None:
    book = tmp_path / "book.yaml"
    book.write_text(
        "version: 1\nfirm: {name: X, trade: wealth}\nmanagers: [{id: m, name: M}]\n"
        "clients:\n  - name: Ada Frey\n    desires: [income]\n  - {name: Ben Ruiz, risk: high}\n"
        "  - {name: Cem Aksoy, risk: high, desires: [growth]}\n  - {name: Dina Holt, risk: unknown}\n",
        encoding="utf-8",
    )
    ran = run("clients", "check", str(book))
    assert ran.code == 0
    advice = [line.split(": ")[0] + line.split("advice")[1] for line in ran.out.splitlines() if "advice" in line]
    assert [line.partition(" not")[0] for line in advice] == [
        "ada-frey: `risk`", "ben-ruiz: `desires`", "dina-holt: `desires` and `risk`",
    ]  # fmt: skip
    assert "Ask Ada Frey how much risk is acceptable to them." in " ".join(ran.out.split())


def test_a_book_can_be_imported_listed_shown_and_shortened(run: Run) -> None:
    assert "No clients yet" in run("clients", "list").out
    assert run("clients", "import", str(example("book.yaml"))).out.startswith(
        "Client book: 8 added, 0 changed, 0 unchanged."
    )
    assert run("clients", "import", str(example("book.yaml"))).out.startswith(
        "Client book: 0 added, 0 changed, 8 unchanged."
    )
    listed = json.loads(run("clients", "list", "--json").out)
    assert len(listed) == 8
    assert "Halden Energy" in run("clients", "show", "claire-arnaud").out
    assert run("clients", "show", "nobody").code == 2
    assert run("clients", "remove", "claire-arnaud").code == 0
    assert run("clients", "remove", "claire-arnaud").code == 2
    assert len(json.loads(run("clients", "list", "--json").out)) == 7


def test_feeds_can_be_added_listed_tested_and_removed(run: Run, tmp_path: Path) -> None:
    assert "No feeds yet" in run("feeds", "list").out
    assert run("feeds", "import", str(example("feeds.opml"))).code == 0
    assert run("feeds", "add", "not an address").code == 2
    assert run("feeds", "add", "https://news.example/rss").code == 0
    listed = json.loads(run("feeds", "list", "--json").out)
    assert (listed[-1]["url"], listed[-1]["only_headlines"]) == ("https://news.example/rss", False)
    feed = tmp_path / "data" / "feeds" / "feed.xml"
    feed.parent.mkdir()
    feed.write_text(FEED, encoding="utf-8")
    tried = run("feeds", "test", feed.as_uri())
    assert (tried.code, "1 items" in tried.out) == (0, True)
    private = run("feeds", "test", "http://127.0.0.1:9/rss")
    assert (private.code, "loopback" in private.err) == (1, True)
    assert run("feeds", "pause", "https://news.example/rss").code == 0
    assert run("feeds", "resume", "https://news.example/rss").code == 0
    assert run("feeds", "remove", "https://news.example/rss").code == 0
    assert run("feeds", "remove", "https://news.example/rss").code == 2
    assert "news.example" not in run("feeds", "export").out


def test_the_doctor_lists_its_checks_and_what_to_do(run: Run) -> None:
    empty = run("doctor")
    assert empty.code == 0
    assert "clients import" in empty.out
    checks = json.loads(run("doctor", "--json").out)
    assert {check["what"] for check in checks} >= {"client book", "feeds", "pipeline", "dead letters", "mail"}


def test_the_doctor_checks_the_firms_own_rules_and_the_language_model(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def found(what: str) -> tuple[str, str]:
        checks = json.loads(run("doctor", "--json").out)
        return next((check["state"], f"{check['found']} {check['fix']}") for check in checks if check["what"] == what)

    own = tmp_path / "own.yaml"
    monkeypatch.setenv("FIRSTWORD_PLAYBOOKS", str(own))
    own.write_text("playbook: own\nrules:\n  - when: {kind: fine, stance: holds}\n    action: waiting\n")
    state, message = found("playbooks")
    assert state == "fail"
    assert "own.yaml:3" in message
    assert "playbooks check" in message
    own.write_text(own.read_text() + "    reason: haste costs more than patience\n")
    assert found("playbooks")[1].startswith("1 of your own")
    assert found("language model")[0] == "note"
    monkeypatch.setenv("FIRSTWORD_LLM_WRITES", "write")
    state, message = found("language model")
    assert (state, "there is no endpoint" in message) == ("warn", True)
    monkeypatch.setenv("FIRSTWORD_LLM_URL", "http://ann:tellnobody@127.0.0.1:1/v1")
    state, message = found("language model")
    assert state == "warn"
    assert "127.0.0.1:1 can't be reached" in message
    assert "tellnobody" not in message
    monkeypatch.setenv("FIRSTWORD_LLM_URL", "nowhere")
    assert found("language model")[0] == "fail"
    monkeypatch.setenv("FIRSTWORD_LLM_WRITES", "off")
    assert found("language model")[0] == "note"
    assert found("second reader")[0] == "note"
    monkeypatch.setenv("FIRSTWORD_SECOND_READER_URL", "http://127.0.0.1:1/v1")
    state, message = found("second reader")
    assert state == "warn"
    assert "Check FIRSTWORD_SECOND_READER_URL" in message


def test_sign_in_links_are_for_the_owner_and_known_managers(run: Run) -> None:
    assert "/signin?token=" in run("signin").out
    assert run("signin", "--manager", "mara").code == 2
    run("clients", "import", str(example("book.yaml")))
    assert "/signin?token=" in run("signin", "--manager", "mara").out
    assert run("signin", "--api-token").out.startswith("fw_")


def test_an_invalid_setting_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_PORT", "eighty")
    ran = run("doctor")
    assert ran.code == 2
    assert "FIRSTWORD_PORT" in ran.err


def test_topics_are_listed_as_table_and_json(run: Run) -> None:
    assert "ransomware" in run("clients", "topics").out
    listed = json.loads(run("clients", "topics", "--json").out)
    assert {"id", "title", "about"} == set(listed[0])
    assert len(listed) >= 30


def test_a_table_is_tried_imported_undone_and_exported(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "contacts.csv"
    table.write_text("id;Wer;E-Mail\na;Ada;ada@firm.example\nb;Bea;x\n", encoding="utf-8")
    assert "no client book yet" in run("clients", "import", str(table)).err
    run("clients", "import", str(example("book.yaml")))
    tried = run("clients", "import", str(table), "--map", "Wer=name", "--manager", "mara", "--dry-run")
    assert "1 added, 0 changed, 0 unchanged, 1 row(s) with errors" in tried.out
    assert "row 3, E-Mail: 'x' is not a valid email address." in tried.err
    assert "nothing was changed" in tried.out
    assert "names no column" in run("clients", "import", str(table), "--map", "Foo=name").err
    problems = tmp_path / "problems.csv"
    again = ("clients", "import", str(table), "--map", "Wer=name", "--manager", "mara", "--problems", str(problems))
    imported = run(*again)
    assert problems.read_text(encoding="utf-8-sig").splitlines()[0] == "row,column,problem,fix"
    assert "ada@firm.example" in run("clients", "show", "a").out
    assert "Undone for 1 client(s)" in run("clients", "undo", imported.out.split()[-1]).out
    assert "No client has the id" in run("clients", "show", "a").err
    exported = tmp_path / "exported.yaml"
    assert run("clients", "export", str(exported)).code == 0
    assert "0 added, 0 changed" in run("clients", "import", str(exported)).out


def test_an_import_of_the_book_lists_what_was_changed_at_the_desk(run: Run, tmp_path: Path) -> None:
    book, table = example("book.yaml"), tmp_path / "risk.csv"
    run("clients", "import", str(book))
    table.write_text("id,risk\nclaire-arnaud,high\n", encoding="utf-8")
    run("clients", "import", str(table))
    kept = run("clients", "import", str(book))
    assert "0 changed" in kept.out
    assert "claire-arnaud: Risk tolerance stays as changed at the desk: high (in" in kept.err.replace("\n", " ")
    assert "1 changed" in run("clients", "import", str(book), "--take-file").out


@pytest.mark.parametrize("command", [("desk",), ("worker", "notifier"), ("up", "--port", "0")])
def test_a_python_with_a_known_flaw_is_named_at_the_start(
    run: Run, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(python_version, "VERSION", (3, 12, 3))
    wrong = ("FIRSTWORD_GATE", str(tmp_path / "no.yaml")) if command[0] == "up" else ("FIRSTWORD_UNDO_SECONDS", "x")
    monkeypatch.setenv(*wrong)  # so that it ends there
    ran = run(*command)
    assert (ran.code, "Python 3.12 has known flaws before 3.12." in ran.err) == (2, True), ran.err


@pytest.mark.slow
def test_a_worker_loads_neither_the_web_app_nor_other_commands() -> None:
    load = "from firstword.cli.main import build_app; build_app(['worker']); from firstword.compose import stack"
    show = "import sys; print(*(name for name in sys.modules if 'desk.app' in name or 'firstword.cli' in name))"
    loaded = subprocess.run([sys.executable, "-c", f"{load}; {show}"], check=True, capture_output=True, text=True)
    assert {*loaded.stdout.split()} == {
        "firstword.cli",
        "firstword.cli.console",
        "firstword.cli.kafka_options",
        "firstword.cli.main",
        "firstword.cli.python_version",
        "firstword.cli.worker",
    }


def test_the_list_of_feeds_marks_those_with_only_headlines(run: Run, tmp_path: Path) -> None:
    assert run("feeds", "add", "https://news.example/rss").code == 0
    with common.open_store(read_settings(data=tmp_path / "data")) as store, store.engine.begin() as connection:
        connection.execute(update(feeds).values(extents="h" * 19 + "t"))
    assert "(only headlines)" in run("feeds", "list").out
