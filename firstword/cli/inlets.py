"""``firstword inlets``: channels into which programs and people put items that come from no feed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, get_args

import typer

from firstword.cli.console import error, open_input, out, print_json, read_secret, table, warn
from firstword.cli.operator import log_action
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.inlets import Inlet
from firstword.source_grades import parse_domain
from firstword.store import Store
from schemas.mentions import SourceKind, SourceLetter
from services.common.errors import BadInput
from services.common.settings import read_settings
from services.ingest.fetch.imap import MailboxPlace
from services.notifier.desk.tokens import LIFETIME

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Let programs put items in: set up inlets with a grade, and create their tokens."
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The inlet's name, such as press-desk.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why it has this grade, in one sentence.")]
_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
_LETTERS: tuple[SourceLetter, ...] = get_args(SourceLetter)


def _open(data: Path | None) -> Store:
    return common.open_store(read_settings(data=data))


@app.command("create")
def create(
    name: Name,
    title: Annotated[str, typer.Option("--title", help="The name that account managers see.")],
    grade: Annotated[
        str | None,
        typer.Option("--grade", metavar="LETTER", help="How reliable it is, A to E [default: F, unknown]."),
    ] = None,
    reason: Reason = None,
    kind: Annotated[
        str, typer.Option("--kind", metavar="KIND", help=f"What it is: one of {', '.join(_KINDS)}.")
    ] = "news",
    speaks_for: Annotated[
        list[str] | None,
        typer.Option(
            "--speaks-for",
            metavar="DOMAIN",
            help="A publisher whose licensed news comes in here. You vouch for it, and its grade applies. Repeatable.",
        ),
    ] = None,
    ground: Annotated[
        str | None, typer.Option("--ground", help="How you know that, in one sentence. Kept with the inlet.")
    ] = None,
    folder: Annotated[
        bool, typer.Option("--folder", help="Files are put into a folder, instead of items by programs.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Set up an inlet. Its items count as from it, with its grade, whatever they say of themselves.

    Create a token for each program with `firstword inlets token`; it sends items to POST /api/v1/items. With --folder,
    put files into the folder that is printed: JSON lines, feeds, or messages (.eml).

    **Examples:**

    - `firstword inlets create press-desk --title "Our press desk" --grade B --reason "Checked by our own editors."`
    - `firstword inlets create wire --title "Wire terminal" --speaks-for wire.example --ground "Licensed, contract 7."`
    """
    domains = tuple(dict.fromkeys(parse_domain(domain) for domain in speaks_for or ()))
    letter = _letter(grade) if grade is not None else None
    if kind not in _KINDS:
        raise BadInput(f"{kind!r} is not a kind of source.", fix=f"Choose from {', '.join(_KINDS)}.")
    with _open(data) as store:
        inlets = common.build_inlets(store)
        feed, source = inlets.create(
            name, title=title, letter=letter, reason=reason, kind=kind, speaks_for=domains, ground=ground, folder=folder
        )
        path = inlets.folder(name) if folder else None
        with store.engine.begin() as connection:
            log_action(connection, store, "inlet.created", feed.url, f"{source.grade}: {source.ground}")
    out.print(f"Created {name.strip().lower()} ({feed.id}), grade {source.grade}: {source.ground}", markup=False)
    for domain in feed.speaks_for:
        out.print(f"Speaks for {domain}: {feed.ground}", markup=False)
    if path is not None:
        out.print(f"Put files into {path}. They are moved to done or failed once they are read.", markup=False)
    else:
        out.print("Next: firstword inlets token NAME, for each program that puts items in.", markup=False)


@app.command("mailbox")
def mailbox(
    name: Name,
    title: Annotated[str, typer.Option("--title", help="The name that account managers see.")],
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="The mail server, such as imap.firm.example.")],
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="The mailbox's user.")],
    port: Annotated[int, typer.Option("--port", help="The port for IMAP by TLS.")] = 993,
    folder: Annotated[str, typer.Option("--folder", help="The folder with the newsletters.")] = "INBOX",
    verified_by: Annotated[
        str | None,
        typer.Option(
            "--verified-by",
            metavar="SERVER",
            help="The name under which your mail server says in Authentication-Results where a message came from.",
        ),
    ] = None,
    speaks_for: Annotated[
        list[str] | None,
        typer.Option(
            "--speaks-for",
            metavar="DOMAIN",
            help="Only what comes from these senders counts as theirs [default: from any verified sender]. Repeatable.",
        ),
    ] = None,
    ground: Annotated[str | None, typer.Option("--ground", help="How you know that, in one sentence.")] = None,
    data: DataDir = None,
) -> None:
    """Set up an inlet that reads newsletters from a mailbox by IMAP, without changing anything in it.

    The password is asked for, or read from standard input. Each message is an item. If your mail server verified the
    sender's domain, it counts as from there; everything else in it is a claim, and unknown (F).

    **Example:** `firstword inlets mailbox letters --title "Newsletters" --host imap.firm.example --user letters`
    """
    domains = tuple(dict.fromkeys(parse_domain(domain) for domain in speaks_for or ()))
    place = MailboxPlace(host, port, user, folder, "tls")
    with _open(data) as store:
        feed = common.build_inlets(store).create_mailbox(
            name,
            place,
            read_secret("Password"),
            title=title,
            verified_by=verified_by,
            speaks_for=domains,
            ground=ground,
        )
        with store.engine.begin() as connection:
            log_action(connection, store, "inlet.created", feed.url, f"reads {folder} at {place.origin}")
    out.print(f"Created {name.strip().lower()} ({feed.id}). It is read every minute.", markup=False)
    if verified_by is None:
        warn("Without --verified-by, every message is of unknown origin (F).")


@app.command("password")
def password(name: Name, data: DataDir = None) -> None:
    """Set the password of an inlet's mailbox. It is asked for, or read from standard input."""
    with _open(data) as store:
        origin = common.build_inlets(store).set_password(name, read_secret("Password"))
        with store.engine.begin() as connection:
            log_action(connection, store, "feed.credentials", name, f"mailbox, for {origin}")
    out.print(f"Stored. Only {origin} gets it.", markup=False)


@app.command("token")
def token(
    name: Name,
    program: Annotated[str, typer.Option("--program", help="The program that will use it.")] = "a program",
    days: Annotated[int, typer.Option("--days", min=1, max=1_826, help="Days until it expires.")] = LIFETIME.days,
    data: DataDir = None,
) -> None:
    """Print a new token of an inlet. It can put items into this inlet, and do nothing else.

    It is shown only once. Revoke it with `firstword tokens revoke`.

    **Example:** `firstword inlets token press-desk --program "CMS export" --days 90`
    """
    with _open(data) as store:
        text = common.build_inlets(store).create_token(name, program, timedelta(days=days))
        with store.engine.begin() as connection:
            log_action(connection, store, "token.created", program, f"items, for the inlet {name}")
    out.print(text, markup=False)


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List the inlets, their grades and their tokens."""
    with _open(data) as store:
        now, found = store.clock.now(), common.build_inlets(store).list_inlets()
    if as_json:
        print_json(
            [
                {
                    **inlet.state.feed.model_dump(mode="json"),
                    "name": _name(inlet),
                    "status": inlet.state.health.status,
                    "last_new_at": inlet.state.health.last_new_at,
                    "grade": inlet.grade.grade,
                    "grade_ground": inlet.grade.ground,
                    "tokens": [
                        {"id": token.id, "name": token.name, "state": token.state(now)} for token in inlet.tokens
                    ],
                }
                for inlet in found
            ]
        )
        return
    table(
        ("name", "title", "takes", "grade", "speaks for", "status", "last news", "valid tokens"),
        (
            (
                _name(inlet),
                inlet.state.feed.title or "",
                {"folder": "files", "mailbox": "mail"}.get(inlet.state.feed.kind, "items"),
                f"{inlet.grade.grade}: {inlet.grade.ground}",
                ", ".join(inlet.state.feed.speaks_for) or "itself",
                inlet.state.health.status,
                f"{inlet.state.health.last_new_at:%Y-%m-%d %H:%M} UTC" if inlet.state.health.last_new_at else "–",
                ", ".join(token.name for token in inlet.tokens if token.state(now) == "valid") or "none",
            )
            for inlet in found
        ),
        empty="No inlets yet. Set one up with 'firstword inlets create NAME --title TITLE'.",
    )


@app.command("grade")
def grade_(
    name: Name,
    letter: Annotated[str, typer.Argument(metavar="LETTER", help="The grade, from A (reliable) to E; F: unknown.")],
    reason: Reason = None,
    data: DataDir = None,
) -> None:
    """Set how reliable an inlet is. It counts for the items that come from then on.

    **Example:** `firstword inlets grade press-desk C --reason "Two of its rumors were denied."`
    """
    with _open(data) as store:
        after = common.build_inlets(store).grade(name, _letter(letter), reason or "")
        with store.engine.begin() as connection:
            log_action(connection, store, "inlet.graded", after.domain, f"{after.grade}: {after.ground}")
    out.print(f"{after.publisher} now has the grade {after.grade}: {after.ground}", markup=False)


@app.command("push")
def push(
    name: Name,
    file: Annotated[str, typer.Argument(metavar="JSONL|-", help="A file with a JSON object per line, or -.")],
    check: Annotated[bool, typer.Option("--check", help="Only check the items; take none.")] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put the items of a file into an inlet. Bad lines are reported with their field, and the exit code is 1.

    Each line has the fields of an item of POST /api/v1/items: title, and as it has them id, url, summary, body,
    language, published_at, updated_at, authors, categories, publisher. To push a file again changes nothing.

    **Example:** `firstword inlets push press-desk items.jsonl --check`
    """
    with _open(data) as store, open_input(file) as stream:
        taken, bad = common.build_inlets(store).push(
            name, stream.read(), "standard input" if file == "-" else file, store=not check
        )
    for problem in bad:
        error(str(problem))
    if as_json:
        counts = {field: getattr(taken, field) for field in ("new", "revised", "unchanged", "copy")}
        print_json({**counts, "bad_lines": len(bad)})
    elif check:
        out.print("Every line can be used." if not bad else f"{len(bad)} problem(s).")
    else:
        out.print(
            f"Items: {taken.new} new, {taken.revised} revised, {taken.unchanged} unchanged, {taken.copy} copies; "
            f"{len(bad)} problem(s)."
        )
    if bad:
        raise typer.Exit(1)


@app.command("remove")
def remove(name: Name, data: DataDir = None) -> None:
    """Remove an inlet and revoke its tokens. Its items stay, and so do its grade for them, and its folder."""
    with _open(data) as store:
        feed, revoked = common.build_inlets(store).remove(name)
        with store.engine.begin() as connection:
            log_action(connection, store, "inlet.removed", feed.url)
    out.print(f"Removed {feed.title}; {revoked} token(s) revoked.", markup=False)


def _name(inlet: Inlet) -> str:
    return inlet.grade.domain.partition(".")[0]


def _letter(text: str) -> SourceLetter:
    found = next((letter for letter in _LETTERS if letter == text.strip().upper()), None)
    if found is None:
        raise BadInput(f"{text!r} is not a grade.", fix="Give a letter from A (reliable) to E (unreliable), or F.")
    return found
