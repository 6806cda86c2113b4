"""``firstword keys``: the keys that seal secrets in the database."""

from __future__ import annotations

import typer

from firstword.cli.console import out, warn
from firstword.cli.operator import log_action
from firstword.cli.options import DataDir
from firstword.compose import common
from services.common.errors import BadInput
from services.common.sealing import new_key, write_key_file
from services.common.settings import read_settings
from services.ingest.repository import Repository
from services.notifier.desk import second_factor
from services.notifier.webhooks import endpoints

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Create and rotate the keys that seal secrets in the database.")


@app.command("new")
def new() -> None:
    """Print a new key for FIRSTWORD_KEYS, or for a secrets file called firstword_keys. The key is not stored.

    **Example:** `firstword keys new > /srv/firstword-secrets/firstword_keys`
    """
    out.print(new_key(), markup=False)


@app.command("rotate")
def rotate(data: DataDir = None) -> None:
    """Seal all secrets with a new key. Old keys are kept behind it, so that backups can still be read.

    With a data folder, this command creates the key. In the stack, set FIRSTWORD_KEYS to the new key, a comma and the
    old keys; restart the services; then run this command. Afterwards, you can remove the old keys.
    """
    settings = read_settings(data=data)
    with common.open_store(settings) as store:
        if settings.keys is None and settings.database is not None:
            raise BadInput(
                "No keys are configured, so secrets are not sealed.",
                fix="Set FIRSTWORD_KEYS to the output of 'firstword keys new'.",
            )
        if settings.keys is None:
            old = settings.key_file.read_text(encoding="ascii").split()
            # First: a secret must never be sealed with a key that is not saved.
            write_key_file(settings.key_file, [new_key(), *old])
    with common.open_store(settings) as store, store.engine.begin() as connection:
        locked = sum(seal(connection) for seal in (endpoints.seal_all, second_factor.seal_all, Repository().seal_all))
        log_action(connection, store, "keys.rotated", store.keys.place)
    out.print(f"Sealed all secrets with the first of {store.keys.count} keys from {store.keys.place}.", markup=False)
    if locked:
        warn(f"{locked} secrets could not be opened with any of the keys; see 'firstword doctor'")
