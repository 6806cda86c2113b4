"""``firstword people``: who may sign in and do what; what is stored on one client, its erasure, and retention."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from firstword.cli.console import out, print_json, table, warn
from firstword.cli.operator import OPERATOR, log_action
from firstword.cli.options import AsJson, DataDir
from firstword.compose import common
from firstword.compose.outbound import build_retention
from firstword.retention.job import KindStatus, statuses
from firstword.retention.kinds import KEPT_WHILE_IN_USE
from firstword.store import Store
from services.common.db import reading
from services.common.errors import BadInput
from services.common.private_files import new_private_file
from services.common.settings import read_settings
from services.notifier.desk import auth
from services.notifier.desk import sessions as open_sessions
from services.notifier.desk.actions import people, second_factor
from services.notifier.desk.actions import sessions as session_actions
from services.notifier.desk.actions.context import ActionContext
from services.notifier.people.catalog import ABOUT_CLIENTS, KEPT
from services.notifier.people.copy_of_data import data_on_client
from services.notifier.people.erasure import erase_client
from services.notifier.roles import PERMISSIONS, ROLES
from services.notifier.tables import clients

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Say who may sign in and do what; copy or erase what is stored on one client; show how long data is kept.",
)
UserId = Annotated[str, typer.Argument(metavar="USER", help="The user's id, as 'people list' shows it.")]
RoleName = Annotated[str, typer.Argument(metavar="ROLE", help=f"One of {', '.join(ROLES)}.")]
Team = Annotated[
    list[str] | None,
    typer.Option("--team", metavar="ID", help="An account manager of a team lead's team; may be repeated."),
]
ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id, as 'clients list' shows it.")]


@app.command("list")
def list_(data: DataDir = None, as_json: AsJson = False) -> None:
    """List everybody who may sign in to the desk, with their role."""
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        found = people.list_people(connection)
    if as_json:
        print_json([asdict(person) for person in found])
        return
    table(
        ("user", "name", "role", "team", "may sign in"),
        (
            (
                person.user_id,
                person.name,
                ROLES[person.role].label,
                ", ".join(person.team),
                "yes" if person.disabled_at is None else f"not since {person.disabled_at:%Y-%m-%d}",
            )
            for person in found
        ),
        empty="Nobody yet. 'firstword signin' lets the owner in, 'firstword signin --manager ID' an account manager.",
    )


@app.command("roles")
def roles() -> None:
    """List the roles and what each may do."""
    names = [rules.label for rules in ROLES.values()]
    rows = [("see clients", *(rules.sees for rules in ROLES.values()))]
    rows += [
        (meaning, *("yes" if permission in rules.may else "" for rules in ROLES.values()))
        for permission, meaning in PERMISSIONS.items()
    ]
    table(("may", *names), rows, empty="")


@app.command("add")
def add(
    user_id: Annotated[str, typer.Argument(metavar="USER", help="Their id in the audit log, such as ann.lee.")],
    role: RoleName,
    name: Annotated[str, typer.Option("--name", help="Their name, as colleagues see it.")],
    team: Team = None,
    data: DataDir = None,
) -> None:
    """Add somebody who may sign in. Account managers come from the client book and need not be added.

    **Example:** `firstword people add ann.lee compliance --name "Ann Lee"`
    """
    with _acting(data) as action:
        people.add_person(action, user_id, name, people.role_named(role), team or ())
    out.print(f"Added {user_id}. Let them in with: firstword signin --user {user_id}", markup=False)


@app.command("role")
def role(user_id: UserId, role: RoleName, team: Team = None, data: DataDir = None) -> None:
    """Give somebody another role. It counts from their next click, also in sessions and for tokens that they have.

    **Examples:**

    - `firstword people role ann.lee reader`
    - `firstword people role manager-mara lead --team mara --team june`
    """
    with _acting(data) as action:
        people.change_role(action, user_id, people.role_named(role), team or ())
    out.print("Saved. It counts from their next click.")


@app.command("disable")
def disable(user_id: UserId, data: DataDir = None) -> None:
    """Let somebody sign in no more: their sessions, links and tokens end at once."""
    with _acting(data) as action:
        people.disable(action, user_id)
    out.print(f"{user_id} may not sign in any more.", markup=False)


@app.command("enable")
def enable(user_id: UserId, data: DataDir = None) -> None:
    """Let somebody sign in again, who was disabled."""
    with _acting(data) as action:
        people.enable(action, user_id)
    out.print(f"{user_id} may sign in again, with: firstword signin --user {user_id}", markup=False)


@app.command("email")
def email(
    user_id: UserId,
    address: Annotated[str, typer.Argument(metavar="[ADDRESS]", help="Without one, they sign in by link only.")] = "",
    data: DataDir = None,
) -> None:
    """Let somebody sign in with the firm's OpenID Connect provider, by the address that it has verified.

    Their next sign-in ties them to the account there. Give the address again if they get another account.

    **Example:** `firstword people email manager-mara mara@your-firm.example`
    """
    with _acting(data) as action:
        people.set_email(action, user_id, address)
    out.print("Saved. It counts from the next sign-in on.")


@app.command("reset-factor")
def reset_factor(user_id: UserId, data: DataDir = None) -> None:
    """Remove the second factor of somebody who has lost it, and end their sessions."""
    with _acting(data) as action:
        second_factor.reset(action, user_id)
    out.print(f"{user_id} signs in without a code until they set up a new second factor.", markup=False)


@app.command("sessions")
def sessions(
    user_id: Annotated[str | None, typer.Argument(metavar="[USER]", help="Only those of this user.")] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the browsers in which people are signed in: since when, when last seen, and from where."""
    with common.open_store(read_settings(data=data)) as store, reading(store.engine) as connection:
        found = open_sessions.list_sessions(connection, store.clock.now(), user_id)
    if as_json:
        print_json([asdict(session) for session in found])
        return
    table(
        ("id", "user", "browser", "signed in (UTC)", "by", "last seen (UTC)", "from"),
        (
            (
                session.id,
                session.user_id,
                session.browser,
                f"{session.created_at:%Y-%m-%d %H:%M}",
                session.means,
                f"{session.seen_at:%Y-%m-%d %H:%M}",
                session.network,
            )
            for session in found
        ),
        empty="Nobody is signed in.",
    )


@app.command("end-sessions")
def end_sessions(
    user_id: UserId,
    session_id: Annotated[
        str | None, typer.Option("--session", metavar="ID", help="Only this one, as 'people sessions' shows it.")
    ] = None,
    data: DataDir = None,
) -> None:
    """End the sessions of a user, or one of them: those browsers have to sign in again. Their API tokens stay.

    **Example:** `firstword people end-sessions manager-mara`
    """
    with _acting(data) as action:
        if user_id not in {person.user_id for person in people.list_people(action.connection)}:
            raise BadInput(f"There is no user {user_id!r}.", fix="'firstword people list' shows them.")
        found = open_sessions.list_sessions(action.connection, action.now, user_id)
        if session_id is None:
            auth.end_sessions(action.connection, user_id)
            action.audit("session.all_ended", user_id, detail=f"{len(found):,}")
        elif session_id in {session.id for session in found}:
            session_actions.end(action, session_id)
        else:
            raise BadInput(f"{user_id} has no session {session_id!r}.", fix="'firstword people sessions' lists them.")
    ended = len(found) if session_id is None else 1
    out.print(f"Ended {ended:,} {'session' if ended == 1 else 'sessions'} of {user_id}.", markup=False)


@app.command("tables")
def tables() -> None:
    """List where data on clients is stored, and what remains after an erasure, with the reason."""
    rows = [(part.table.name, part.meaning, "deleted") for part in reversed(ABOUT_CLIENTS)]
    rows += [(name, reason, "kept") for name, reason in KEPT.items()]
    table(("table", "content", "after an erasure"), rows, empty="")
    out.print(
        "On Kafka, events on a client remain until their topics' retention ends ('firstword people retention'); in "
        "backups, until you delete them. The matcher remembers for some days which client ids were told of a story."
    )


@app.command("export")
def export(
    client_id: ClientId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The JSON file to write. It must not exist.")],
    data: DataDir = None,
) -> None:
    """Write everything that is stored on one client to a file that only you can read.

    **Example:** `firstword people export claire-arnaud -o claire-arnaud.json`
    """
    with common.open_store(read_settings(data=data)) as store:
        with reading(store.engine) as connection:
            found = data_on_client(connection, client_id)
        count = sum(len(part["rows"]) for part in found.values())
        if not count:
            raise BadInput(f"Nothing is stored on {client_id!r}.", fix="'firstword clients list' shows the ids.")
        text = json.dumps({"client": client_id, "data": found}, ensure_ascii=False, indent=1) + "\n"
        with new_private_file(output) as file:
            file.write(text.encode())
        with store.engine.begin() as connection:
            log_action(connection, store, "client.exported", client_id)
    out.print(f"Wrote {count:,} rows of {len(found)} tables to {output}.", markup=False)


@app.command("erase")
def erase(
    client_id: ClientId,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataDir = None,
) -> None:
    """Erase everything that is stored on one client, and stop their service. This can't be undone.

    It deletes their entry, drafts, messages, conversations, alerts, webhook events and search entries, empties the
    messages to account managers that name them, and makes the draft writer forget them. What is kept, and why, is
    listed by 'firstword people tables'. Delete them from your book's file as well, or its next import adds them again.

    **Example:** `firstword people erase claire-arnaud`
    """
    with common.open_store(read_settings(data=data)) as store:
        name = _name(store, client_id)
        if not yes:
            typer.confirm(f"Erase everything on {name} ({client_id})?", abort=True)
        if _is_served(store, client_id):
            store.remove_client(client_id)
        with store.engine.begin() as connection:
            deleted = erase_client(connection, store.events, client_id, OPERATOR.user_id, store.clock.now())
    out.print(f"Erased {client_id}: {deleted.total():,} rows of {len(deleted)} tables.", markup=False)
    warn("Delete them from your client book's file too, and from backups and exports when these are no longer needed.")


@app.command("retention")
def retention(
    run: Annotated[
        bool, typer.Option("--run", help="Remove now what is older, without waiting for the daily run.")
    ] = False,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show how long each kind of data is kept and why, and what the last daily run removed.

    FIRSTWORD_RETENTION changes the days, for example `{"drafts": 365}`. FIRSTWORD_RETENTION_HOLD=true removes nothing
    for now, as a dispute or an investigation may require. What is removed is in the audit log.

    **Examples:**

    - `firstword people retention`
    - `firstword people retention --run`
    """
    settings = read_settings(data=data)
    with common.open_store(settings) as store:
        if run:
            if settings.retention_hold:
                raise BadInput(
                    "Nothing is removed: FIRSTWORD_RETENTION_HOLD is on.", fix="Unset it when the matter is settled."
                )
            removed = build_retention(store).remove_due(at_once=True)
            out.print(f"Removed {sum(removed.values()):,} rows of {sum(map(bool, removed.values()))} kinds of data.")
        with reading(store.engine) as connection:
            found = statuses(connection, settings, store.clock.now())
    if as_json:
        print_json({"on_hold": settings.retention_hold, "kinds": [_as_json(status) for status in found]})
        return
    columns = ("kind", "content", "days", "why it is kept", "law that may require it", "last run (UTC)", "due now")
    table(columns, (_as_row(status) for status in found), empty="")
    out.print(
        "Kept as long as it is in use:", *(f"- {name}: {why}" for name, why in KEPT_WHILE_IN_USE.items()), sep="\n"
    )
    if settings.retention_hold:
        warn("FIRSTWORD_RETENTION_HOLD is on: nothing is removed.")
    for status in found:
        if status.is_short:
            kept, asked = status.days, status.kind.least_days
            warn(f"{status.kind.name} is kept for {kept:,} days, and the law named asks {asked:,} of those it binds.")


def _as_row(status: KindStatus) -> tuple[str, ...]:
    kind = status.kind
    if not kind.is_carried_out_here:
        last, due = f"by {kind.by}", ""
    else:
        due = f"{status.due:,}"
        last = "not yet"
        if status.began_at is not None:
            state = "" if status.ended_at is not None else ", not ended"
            last = f"{status.began_at:%Y-%m-%d %H:%M}, {status.removed:,} rows removed{state}"
    return kind.name, kind.content, f"{status.days:,}", kind.reason, kind.law or "", last, due


def _as_json(status: KindStatus) -> dict[str, object]:
    kind = status.kind
    return {
        "kind": kind.name,
        "content": kind.content,
        "days": status.days,
        "default_days": kind.days,
        "reason": kind.reason,
        "law": kind.law,
        "law_days": kind.least_days,
        "can_be_chosen": not kind.fixed,
        "removed_by": kind.by,
        "due": status.due if kind.is_carried_out_here else None,
        "last_run": None
        if status.began_at is None
        else {
            "began_at": status.began_at.isoformat(),
            "ended_at": status.ended_at.isoformat() if status.ended_at is not None else None,
            "removed_rows": status.removed,
        },
    }


@contextmanager
def _acting(data: DataDir) -> Iterator[ActionContext]:
    with common.open_store(read_settings(data=data)) as store, store.engine.begin() as connection:
        yield ActionContext(connection, store.events, OPERATOR, store.clock.now())


def _name(store: Store, client_id: str) -> str:
    with reading(store.engine) as connection:
        name = connection.execute(select(clients.c.name).where(clients.c.id == client_id)).scalar()
    if name is None:
        raise BadInput(f"No client has the id {client_id!r}.", fix="'firstword clients list' shows the ids.")
    return str(name)


def _is_served(store: Store, client_id: str) -> bool:
    with reading(store.engine) as connection:
        return connection.execute(select(clients.c.removed).where(clients.c.id == client_id)).scalar() is False
