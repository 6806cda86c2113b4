"""Export a database to a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from sqlalchemy import Connection, func, select

from firstword import __version__
from firstword.storage.tables import outbox
from firstword.store import Store
from firstword.transfer.archive import FORMAT, Advance, Footer, Header, write_archive
from firstword.transfer.sections import sections
from schemas.topics import TOPICS
from services.common.db import reading
from services.common.errors import BadInput
from services.common.processing import AnyEvent
from services.notifier.tables import alerts

__all__ = ["export_installation"]


def export_installation(
    store: Store,
    file: IO[bytes],
    *,
    with_secrets: bool = False,
    outcomes: Sequence[AnyEvent] = (),
    advance: Advance = lambda _section, _rows: None,
) -> Footer:
    """Write everything that ``store`` holds, as of one moment. No service may work on the database meanwhile.

    Raises:
        BadInput: events have not been sent to Kafka yet, and would be lost.
    """
    now = store.clock.now()
    with reading(store.engine) as connection:
        _require_all_sent(connection)
        answered_until = connection.scalar(select(func.max(alerts.c.raised_at)))
        header = Header(
            format=FORMAT,
            version=__version__,
            made_at=now,
            source="embedded" if store.settings.database is None else "stack",
            answered_until=answered_until,
            with_secrets=with_secrets,
        )
        parts = sections(store, now, answered_until=answered_until, with_secrets=with_secrets, outcomes=outcomes)
        return write_archive(file, header, ((part.name, part.rows(connection)) for part in parts), advance)


def _require_all_sent(connection: Connection) -> None:
    """Raise if the outbox holds events that are not exported; those of compacted topics are."""
    exported = [topic.name for topic in TOPICS.values() if topic.compacted]
    query = select(func.count()).where(outbox.c.sent_at.is_(None), outbox.c.topic.not_in(exported))
    unsent = connection.scalar(query) or 0
    if unsent:
        raise BadInput(
            f"{unsent} events have not been sent to Kafka yet.",
            fix="Run matcher and notifier until 'firstword lag' shows nothing; stop them, and export again.",
        )
