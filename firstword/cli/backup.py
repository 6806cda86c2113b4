"""``firstword backup`` and ``firstword restore``: keep a copy of a data folder, and put it back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from firstword.backup import Backup, back_up
from firstword.backup import restore as restore_folder
from firstword.cli.console import err, warn
from firstword.cli.operator import OPERATOR, log_action
from firstword.cli.options import DataDir
from firstword.compose import common
from firstword.storage.engine import explain_database_error
from firstword.system import lock_folder
from services.common.clock import SystemClock
from services.common.errors import BadInput
from services.common.settings import Settings, read_settings
from services.notifier import audit
from services.notifier.delivery.outbox import doubt_due

__all__ = ["backup", "restore"]


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write. It must not exist yet.")],
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave out the keys that seal webhook secrets, to keep them apart.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Copy the data folder to one file, while Firstword goes on working.

    The file has the database as it is at one moment, the keys, the session secret, and your own files. Only you may
    read it. In the stack, back up PostgreSQL with its own tools.

    **Example:** `firstword backup "firstword-$(date +%F).tar"`
    """
    settings = _of_one_machine(read_settings(data=data), "Back up PostgreSQL with pg_dump.")
    now = SystemClock().now()
    _log_backup(settings, now, f"to {file.name}, {'without' if without_keys else 'with'} the keys")
    made = back_up(settings.data, file, now, keys=not without_keys)
    err.print(f"Backed up {_size(made)} to {file}. Keep it as safe as the data folder.", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that 'firstword backup' wrote.")],
    data: DataDir = None,
) -> None:
    """Put a backup into an empty data folder, after checking every file of it.

    Messages that were due when the backup was made may have been sent since. They are not sent again: each is listed
    as "may or may not have arrived", for you to decide.

    **Example:** `firstword restore firstword-2026-11-01.tar --data ~/firstword`
    """
    settings = _of_one_machine(read_settings(data=data), "Restore PostgreSQL with pg_restore.")
    made = restore_folder(file, settings.data)
    with lock_folder(settings.data), common.open_store(settings) as store, store.engine.begin() as connection:
        now = store.clock.now()
        detail = f"Restored from the backup of {made.made_at:%Y-%m-%d %H:%M} UTC; it may have been sent since."
        events = doubt_due(connection, now, detail)
        store.events.publish(connection, events)
        detail = f"from {file.name}, as of {made.made_at:%Y-%m-%d %H:%M} UTC; {len(events)} messages in doubt"
        log_action(connection, store, "installation.restored", "installation", detail)
    err.print(f"Restored {_size(made)}, as of {made.made_at:%Y-%m-%d %H:%M} UTC.", markup=False)
    if events:
        warn("Some messages may have been sent since the backup. 'firstword deliveries list' shows them.")


def _log_backup(settings: Settings, now: datetime, detail: str) -> None:
    """Write to the audit log that everything is copied: before it is, so that the copy says so too.

    The tables stay as they are, for this may be the backup before an update. A full disk or a folder that can't be
    written to must not prevent the backup that it calls for.
    """
    if not settings.database_file.exists():
        return  # which is an error that the backup reports
    try:
        engine = common.open_as_it_is(settings)
        with engine.begin() as connection:
            if inspect(connection).has_table("audit_log"):
                audit.record(connection, now, OPERATOR.user_id, "installation.backed_up", "installation", None, detail)
        engine.dispose()
    except BadInput as failure:
        warn(f"This backup is not in the audit log. {failure.message}")
    except OperationalError as failure:
        explained = explain_database_error(failure)
        warn(f"This backup is not in the audit log. {failure.orig if explained is None else explained.message}")


def _of_one_machine(settings: Settings, fix: str) -> Settings:
    if settings.database is not None:
        raise BadInput("FIRSTWORD_DATABASE names a database server, and this is for a data folder.", fix=fix)
    return settings


def _size(made: Backup) -> str:
    return f"{len(made.files)} files, {sum(made.files.values()) / 1e6:,.1f} MB,"
