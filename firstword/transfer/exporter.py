"""Out of a database, into a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from sqlalchemy import Connection, func, select

from firstword import __version__
from firstword.storage.tables import outbox
from firstword.store import Store
from firstword.transfer.archive import FORMAT, Advance, Footer, Header, write
from firstword.transfer.installation import sections
from schemas.topics import TOPICS
from services.common.db import reading
from services.common.errors import BadInput
from services.common.processing import AnyEvent
from services.notifier.tables import alerts

__all__ = ["export"]


def export(
    store: Store,
    file: IO[bytes],
    *,
    with_secrets: bool = False,
    outcomes: Sequence[AnyEvent] = (),
    advance: Advance = lambda _section, _rows: None,
) -> Footer:
    """Write everything that ``store`` knows, as of one moment. Nobody may work on it: what is under way is not in it.

    Raises:
        BadInput: something was said here that Kafka has not heard yet.
    """
    now = store.clock.now()
    with reading(store.engine) as connection:
        _nothing_unsaid(connection)
        heard_until = connection.scalar(select(func.max(alerts.c.raised_at)))
        header = Header(
            format=FORMAT,
            version=__version__,
            made_at=now,
            source="embedded" if store.settings.database is None else "stack",
            heard_until=heard_until,
            with_secrets=with_secrets,
        )
        parts = sections(store, now, heard_until=heard_until, with_secrets=with_secrets, outcomes=outcomes)
        return write(file, header, ((part.name, part.rows(connection)) for part in parts), advance)


def _nothing_unsaid(connection: Connection) -> None:
    """References are carried from the outbox itself; anything else that waits there would be lost."""
    carried = [topic.name for topic in TOPICS.values() if topic.compacted]
    query = select(func.count()).where(outbox.c.sent_at.is_(None), outbox.c.topic.not_in(carried))
    waiting = connection.scalar(query) or 0
    if waiting:
        raise BadInput(
            f"{waiting} events wait to go to Kafka.",
            fix="Start matcher and notifier until 'firstword lag' shows nothing; stop them, and export again.",
        )
