"""Queues items for a second reading: those that are likely to be told, or about which the first reader is unsure."""

from __future__ import annotations

from sqlalchemy import Connection

from schemas.mentions import ItemAnnotated
from services.common.processing import AnyEvent
from services.notifier.second_reading import store
from services.notifier.second_reading.question import ask_about

__all__ = ["SecondReadingSink"]


class SecondReadingSink:
    """Queues each annotated item whose ``tell_score`` is at least ``least_score``.

    A second reader can only lower a verdict, so there is no use in asking about what isn't told anyway.
    """

    name = "notifier.second_readings"
    inputs: tuple[str, ...] = ("mentions",)

    def __init__(self, least_score: float, private_hosts: frozenset[str] = frozenset()) -> None:
        """Queue from ``least_score`` on; items from ``private_hosts`` never."""
        self._least_score = least_score
        self._private_hosts = private_hosts

    def apply(self, connection: Connection, event: AnyEvent) -> None:
        """Queue the item for the watched name, unless it is not public."""
        annotated = event.data
        if not isinstance(annotated, ItemAnnotated):
            return
        reading = annotated.reading
        if reading is None or reading.tell_score < self._least_score:
            return
        passage = ask_about(annotated.item, annotated.mention, self._private_hosts)
        if passage is not None:
            store.queue(connection, annotated.revision, passage, reading, event.time)
