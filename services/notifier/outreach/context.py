"""The context of a step besides the client's record: their entry in the client book, the playbooks and the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.clients import Client, ClientChanged
from services.common.processing import AnyEvent
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.record import ClientRecord

__all__ = ["Context", "Result"]

#: A client's new record, and the events that say what was decided, in order.
Result = tuple[ClientRecord, tuple[AnyEvent, ...]]


@dataclass(frozen=True, slots=True)
class Context:
    """The setting of one step. ``entry`` is None for a client who is not in the book."""

    client_id: str
    entry: ClientChanged | None
    playbooks: Playbooks
    now: datetime

    @property
    def client(self) -> Client | None:
        """The client, if the book has them."""
        return None if self.entry is None else self.entry.client

    @property
    def known_entry(self) -> ClientChanged:
        """The client's entry, once it is known that there is one.

        Raises:
            LookupError: the client is not in the book.
        """
        if self.entry is None:
            raise LookupError(f"the client book has no client {self.client_id!r}")
        return self.entry

    @property
    def known_client(self) -> Client:
        """The client, once it is known that the book has them.

        Raises:
            LookupError: the client is not in the book.
        """
        return self.known_entry.client
