"""``firstword export`` and ``firstword import``: everything that a house knows, out of one system and into another."""

from __future__ import annotations

import asyncio
import gzip
import os
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
from firstword.cli.options import DataDir
from firstword.compose import common, embedded
from firstword.runtimes.kafka.settings import read_kafka_settings
from firstword.storage.dead_letters import DeadLetters
from firstword.store import Store
from firstword.system import InUse, lock_folder
from firstword.transfer.archive import check
from firstword.transfer.exporter import export as write_out
from firstword.transfer.importer import import_ as take_in
from firstword.transfer.installation import left_alone
from services.common.db import reading
from services.common.errors import BadInput
from services.common.processing import AnyEvent
from services.common.settings import read_settings

__all__ = ["export", "import_"]

#: So much of a file from standard input is kept in memory; the rest goes to a file that nobody else can open.
SPOOLED_BYTES = 16_000_000


def export(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Where to; a name that ends in .gz is compressed.")],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="Also the secrets that webhooks are signed with.")
    ] = False,
    data: DataDir = None,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Write all that is known to one file, for 'firstword import': of this folder, or of FIRSTWORD_DATABASE.

    The client book, source grades and how their rumors ended, feeds with what was seen of each, alerts, drafts,
    refusals, deliveries with their attempts, interactions, users (they sign in anew), and a week's items. What is not
    in it: tokens, sign-in links, dead letters, and settings.

    Nobody may work here meanwhile. A folder that is in use is refused, and what waits in it is worked off first. Of
    the stack, stop ingest first, then, when 'firstword lag' shows nothing, all but its servers.

    [b]Examples[/b]

      firstword export house.jsonl.gz

      firstword export - | ssh elsewhere firstword import -
    """
    settings = read_settings(data=data)
    with ExitStack() as open_:
        if settings.database is None:
            if not settings.database_file.exists():
                raise BadInput(f"{settings.data}: there is nothing to export.", fix="Name the folder with --data.")
            open_.enter_context(lock_folder(settings.data))
        store = open_.enter_context(common.open_store(settings))
        open_.enter_context(left_alone(store.engine))
        outcomes: list[AnyEvent] = []
        if settings.database is None:
            embedded.build_runtime(store).run_until_idle()
        else:
            _no_workers(brokers, prefix)
            outcomes = _outcomes(brokers, prefix)
        _tell_of_letters(store)
        out = open_.enter_context(_written(file))
        bar = open_.enter_context(progress("exporting", "rows"))
        task = bar.add_task("", total=None)
        footer = write_out(
            store, out, with_secrets=with_secrets, outcomes=outcomes, advance=lambda _, rows: bar.advance(task, rows)
        )
    rows = sum(each.rows for each in footer.sections.values())
    err.print(f"{rows} rows in {len(footer.sections)} sections; hash {footer.hash}", markup=False)
    err.print("Once it is imported, don't start this one again: both would send what waits.", markup=False)


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="What 'firstword export' wrote.")],
    merge: Annotated[
        bool, typer.Option("--merge", help="Into what is not empty: what is there stays, what it lacks is added.")
    ] = False,
    data: DataDir = None,
    brokers: Brokers = None,
    prefix: Prefix = None,
) -> None:
    """Take in what 'firstword export' wrote: into a new folder, or into FIRSTWORD_DATABASE. All of it, or nothing.

    A file that is cut off or altered is refused; afterwards counts and hashes are compared. The same file again, with
    --merge, adds nothing.

    Nobody may work here meanwhile: a folder in use is refused, and so is a stack of which a service runs; for the
    matcher, Kafka is asked. The stack's database must be migrated, its topics made, and FIRSTWORD_SAMPLE=false set.

    Stories in flight: the matcher hears the last week's items again and comes to the same stories, so that a later
    report of one is known as such. What it raises anew up to the newest alert in the file was answered before, and is
    not answered again: nobody is told twice.

    [b]Example[/b]  FIRSTWORD_DATABASE=postgresql://… firstword import house.jsonl.gz
    """
    settings = read_settings(data=data)
    with ExitStack() as open_:
        source = open_.enter_context(_seekable(file))
        checked = check(source, file)
        if settings.database is None:
            open_.enter_context(lock_folder(settings.data))
        else:
            _no_workers(brokers, prefix)
        store = open_.enter_context(common.open_store(settings))
        open_.enter_context(left_alone(store.engine))
        bar = open_.enter_context(progress("importing", "rows"))
        task = bar.add_task("", total=sum(each.rows for each in checked[1].sections.values()))
        arrived = take_in(store, source, file, checked, merge=merge, advance=lambda _, rows: bar.advance(task, rows))
    table(
        ("what", "in the file", "new here", "here now"),
        ((one.section, str(one.given), str(one.added), str(one.here)) for one in arrived if one.given or one.here),
        empty="The file holds nothing.",
    )
    err.print("Counts compared; hashes too, where nothing was here before." if merge else "Counts and hashes agree.")
    _tell_of_endpoints(checked[0].with_secrets, {one.section: one.added for one in arrived})


def _no_workers(brokers: str | None, prefix: str | None) -> None:
    """A matcher has no database in which it could be seen, but its group has members.

    Raises:
        InUse: somebody works on Kafka.
    """
    kafka = read_kafka_settings(brokers=brokers, prefix=prefix)
    need_kafka()
    from firstword.runtimes.kafka.admin import open_admin
    from firstword.runtimes.kafka.lag import services_on_kafka

    with open_admin(kafka) as client:
        running = services_on_kafka(client, kafka)
    if running:
        raise InUse(
            f"At work on Kafka: {', '.join(running)}.",
            fix="Stop the stack's services (all but postgres and kafka). One that was killed is gone after "
            f"{kafka.session_timeout_seconds:g} s.",
        )


def _outcomes(brokers: str | None, prefix: str | None) -> list[AnyEvent]:
    """How rumors ended lies in Kafka alone; what else waits there would be lost.

    Raises:
        BadInput: something waits for the matcher or the notifier.
    """
    kafka = read_kafka_settings(brokers=brokers, prefix=prefix)
    need_kafka()
    from firstword.runtimes.kafka.admin import open_admin
    from firstword.runtimes.kafka.compacted import read_compacted
    from firstword.runtimes.kafka.lag import lags

    with open_admin(kafka) as client:
        waiting = sum(row.waiting for row in lags(client, kafka))
    if waiting:
        raise BadInput(
            f"{waiting} records wait on Kafka.",
            fix="Let matcher and notifier run, without ingest, until 'firstword lag' shows nothing; then stop them.",
        )
    return asyncio.run(read_compacted(kafka, "outcomes"))


def _tell_of_letters(store: Store) -> None:
    with reading(store.engine) as connection:
        count = DeadLetters().count_pending(connection)
    if count:
        warn(f"{count} dead letters stay behind; 'firstword doctor' shows why they are there.")


def _tell_of_endpoints(with_secrets: bool, added: dict[str, int]) -> None:
    if added.get("webhook_endpoints") and not with_secrets:
        warn(
            f"{added['webhook_endpoints']} webhook endpoints came without their secrets, and are disabled: "
            "'firstword webhooks rotate' makes a new one, 'firstword webhooks enable' takes it up."
        )


@contextmanager
def _written(name: str) -> Iterator[IO[bytes]]:
    """Where the export goes. A file has its name only once it is whole, and only its owner may read it."""
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path, part = Path(name), Path(f"{name}.part")
    if path.exists():
        raise BadInput(f"{name}: the file is there already.", fix="Name another, or remove it.")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BadInput(f"{name}: {error.strerror}.", fix="Name a file in a folder that you may write to.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            if name.endswith(".gz"):
                with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
                    yield packed  # type: ignore[misc] # a GzipFile is a file of bytes in all but its declared type
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _seekable(name: str) -> Iterator[IO[bytes]]:
    """The file, which is read twice: once to be checked, once to be taken in."""
    with open_input(name) as given:
        if given.seekable():
            yield given
            return
        with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as kept:
            shutil.copyfileobj(given, kept)
            kept.seek(0)
            yield kept
