"""``firstword keys``: what seals the secrets of webhook endpoints in the database."""

from __future__ import annotations

import typer

from firstword.cli.console import out, warn
from firstword.cli.ops import note
from firstword.cli.options import DataDir
from firstword.compose import common
from services.common.errors import BadInput
from services.common.sealing import new_key, write_key_file
from services.common.settings import read_settings
from services.notifier.webhooks import endpoints

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Keys that seal secrets in the database: make one, replace the one in use."
)


@app.command("new")
def new() -> None:
    """Print a new key, for FIRSTWORD_KEYS or a file firstword_keys among the secrets. Nothing is kept.

    [b]Example[/b]  firstword keys new > /srv/firstword-secrets/firstword_keys
    """
    out.print(new_key(), markup=False)


@app.command("rotate")
def rotate(data: DataDir = None) -> None:
    """Seal all secrets with a new key. The former stay listed behind it, for backups and whoever has read them.

    In one process, the key is made here. In the stack, set FIRSTWORD_KEYS to the new key, a comma and the former ones,
    start the services anew, and then run this; afterwards the former ones may be taken out.
    """
    settings = read_settings(data=data)
    with common.open_store(settings) as store:
        if settings.keys is None and settings.database is not None:
            raise BadInput(
                "No keys are set, so nothing is sealed.", fix="Set FIRSTWORD_KEYS; see 'firstword keys new'."
            )
        if settings.keys is None:
            former = settings.key_file.read_text(encoding="ascii").split()
            write_key_file(settings.key_file, [new_key(), *former])  # first: what is sealed with it must not outlive it
    with common.open_store(settings) as store, store.engine.begin() as connection:
        locked = endpoints.seal_all(connection)
        note(connection, store, "keys.rotated", store.keys.place)
    out.print(f"secrets are sealed with the first of {store.keys.count} keys from {store.keys.place}", markup=False)
    if locked:
        warn(f"{locked} secrets could not be read with any of them; see 'firstword doctor'")
