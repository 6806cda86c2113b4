"""``firstword backup`` and ``firstword restore``: keep a copy of a data folder, and put it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from firstword.backup import Backup, back_up
from firstword.backup import restore as restore_folder
from firstword.cli.console import err, warn
from firstword.cli.options import DataDir
from firstword.compose import common
from firstword.system import lock_folder
from services.common.clock import SystemClock
from services.common.errors import BadInput
from services.common.settings import Settings, read_settings
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
    made = back_up(settings.data, file, SystemClock().now(), keys=not without_keys)
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
    err.print(f"Restored {_size(made)}, as of {made.made_at:%Y-%m-%d %H:%M} UTC.", markup=False)
    if events:
        warn("Some messages may have been sent since the backup. 'firstword deliveries list' shows them.")


def _of_one_machine(settings: Settings, fix: str) -> Settings:
    if settings.database is not None:
        raise BadInput("FIRSTWORD_DATABASE names a database server, and this is for a data folder.", fix=fix)
    return settings


def _size(made: Backup) -> str:
    return f"{len(made.files)} files, {sum(made.files.values()) / 1e6:,.1f} MB,"
