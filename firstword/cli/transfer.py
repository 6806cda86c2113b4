"""``firstword export`` and ``firstword import``: move an installation to another machine or into the stack."""

from __future__ import annotations

import gzip
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from firstword.cli.console import err, open_input, progress, table, warn
from firstword.cli.kafka_options import Brokers, Prefix, need_kafka
from firstword.cli.operator import log_change, log_read
from firstword.cli.options import DataDir
from firstword.compose import common, embedded
from firstword.runtimes.kafka.settings import KafkaSettings, read_kafka_settings
from firstword.storage.dead_letters import DeadLetters
from firstword.store import Store
from firstword.system import lock_folder
from firstword.transfer.archive import Footer, check_archive
from firstword.transfer.exporter import export_installation
from firstword.transfer.importer import import_installation
from firstword.transfer.lock import lock_database, read_outcomes, require_no_workers
from services.common.db import reading
from services.common.errors import BadInput
from services.common.private_files import new_private_file
from services.common.processing import AnyEvent
from services.common.settings import read_settings

__all__ = ["export", "import_"]

#: Bytes of standard input that are kept in memory; more goes to a temporary file that only its owner can open.
SPOOLED_BYTES = 16_000_000


def export(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="The file to write, or - for standard output; .gz compresses it.")
    ],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Include the secrets that sign webhooks, in plain text.")
    ] = False,
    data: DataDir = None,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Write everything this installation knows to one file, for 'firstword import'.

    The file contains the client book, source grades and how rumors ended, feeds and the items seen in each, alerts,
    drafts, refusals, deliveries and their attempts, interactions, users, and the items of the last week. It does not
    contain tokens, sign-in links, dead letters or settings; users sign in again.

    The installation is the data folder, or the database that FIRSTWORD_DATABASE names. Stop it first. In the stack,
    stop ingest, wait until 'firstword lag' shows nothing, then stop all services but postgres and kafka.

    **Examples:**

    - `firstword export installation.jsonl.gz`
    - `firstword export - | ssh new-server firstword import -`
    """
    settings = read_settings(data=data)
    with ExitStack() as resources:
        if settings.database is None:
            if not settings.database_file.exists():
                raise BadInput(f"{settings.data} has nothing to export.", fix="Name the data folder with --data.")
            resources.enter_context(lock_folder(settings.data))
        store = resources.enter_context(common.open_store(settings))
        resources.enter_context(lock_database(store.engine))
        outcomes = _finish_work(store, brokers, prefix)
        _warn_of_dead_letters(store)
        output = resources.enter_context(_open_output(file))
        bar = resources.enter_context(progress("exporting", "rows"))
        task = bar.add_task("", total=None)
        footer = export_installation(
            store, output, with_secrets=with_secrets, outcomes=outcomes, advance=lambda _, rows: bar.advance(task, rows)
        )
        log_read(store, "installation.exported", "installation")
    err.print(f"Exported {_row_count(footer)} rows in {len(footer.sections)} sections; hash {footer.hash}.")
    err.print("Once it is imported, don't start this installation again: both would send the same messages.")


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A file that 'firstword export' wrote, or -.")],
    merge: Annotated[
        bool,
        typer.Option(
            "--merge",
            help="Import into an installation that already has data: existing data is kept, missing data is added.",
        ),
    ] = False,
    data: DataDir = None,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Import a file that 'firstword export' wrote, completely or not at all.

    The target is a new data folder, or the database that FIRSTWORD_DATABASE names. A damaged file is refused, and after
    the import, counts and hashes are compared with the file's. Importing the same file again, with --merge, adds
    nothing.

    Stop the target first. In the stack, also run 'firstword migrate' and 'firstword topics apply', and set
    FIRSTWORD_SAMPLE=false.

    Clients are not told twice: the matcher reads the last week's items again and recognizes their stories, but alerts
    that are not newer than the newest one in the file lead to no new drafts.

    **Example:** `FIRSTWORD_DATABASE=postgresql://… firstword import installation.jsonl.gz`
    """
    settings = read_settings(data=data)
    with ExitStack() as resources:
        source = resources.enter_context(_open_seekable(file))
        header, footer = check_archive(source, file)
        if settings.database is None:
            resources.enter_context(lock_folder(settings.data))
        else:
            require_no_workers(_kafka(brokers, prefix))
        store = resources.enter_context(common.open_store(settings))
        resources.enter_context(lock_database(store.engine))
        bar = resources.enter_context(progress("importing", "rows"))
        task = bar.add_task("", total=_row_count(footer))
        imported = import_installation(
            store, source, file, (header, footer), merge=merge, advance=lambda _, rows: bar.advance(task, rows)
        )
        log_change(store, "installation.imported", "installation", f"{_row_count(footer)} rows, hash {footer.hash}")
    table(
        ("section", "in the file", "added", "total"),
        (
            (section.name, str(section.in_file), str(section.added), str(section.total))
            for section in imported
            if section.in_file or section.total
        ),
        empty="The file contains no data.",
    )
    err.print("Counts compared; hashes too, if the target was empty." if merge else "Counts and hashes match.")
    _warn_of_endpoints(header.with_secrets, {section.name: section.added for section in imported})


def _finish_work(store: Store, brokers: str | None, prefix: str | None) -> list[AnyEvent]:
    """Process what is waiting in a data folder; of a stack, check that nothing waits, and read what only Kafka has."""
    if store.settings.database is None:
        embedded.build_runtime(store).run_until_idle()
        return []
    kafka = _kafka(brokers, prefix)
    require_no_workers(kafka)
    return read_outcomes(kafka)


def _kafka(brokers: str | None, prefix: str | None) -> KafkaSettings:
    settings = read_kafka_settings(brokers=brokers, prefix=prefix)
    need_kafka()
    return settings


def _row_count(footer: Footer) -> int:
    return sum(section.rows for section in footer.sections.values())


def _warn_of_dead_letters(store: Store) -> None:
    with reading(store.engine) as connection:
        count = DeadLetters().count_pending(connection)
    if count:
        warn(f"{count} dead letters are not exported; 'firstword dlq list' shows them.")


def _warn_of_endpoints(with_secrets: bool, added: dict[str, int]) -> None:
    if added.get("webhook_endpoints") and not with_secrets:
        warn(
            f"{added['webhook_endpoints']} webhook endpoints were imported without their secrets and are disabled: "
            "'firstword webhooks rotate' creates a new secret, 'firstword webhooks enable' enables the endpoint."
        )


@contextmanager
def _open_output(name: str) -> Iterator[IO[bytes]]:
    """Open the output. A file gets its name when it is complete, and only its owner may read it."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with ExitStack() as opened:
        try:
            file = opened.enter_context(new_private_file(Path(name)))
        except OSError as error:
            raise BadInput(f"{name}: {error.strerror}.", fix="Choose a folder that you may write to.") from None
        if name.endswith(".gz"):
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as compressed:
                yield compressed  # type: ignore[misc] # a GzipFile is a file of bytes in all but its declared type
        else:
            yield file


@contextmanager
def _open_seekable(name: str) -> Iterator[IO[bytes]]:
    """Open the input so that it can be read twice: once to check it, once to import it."""
    with open_input(name) as given:
        if given.seekable():
            yield given
            return
        with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as spooled:
            shutil.copyfileobj(given, spooled)
            spooled.seek(0)
            yield spooled
