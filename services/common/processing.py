"""Processors and sinks, independent of any runtime. A processor is a pure step: (state, event, now) → (state, events).

The runtime owns the states, the order of events and the transactions. A processor must not mutate the state it gets
(it returns a new one, which may share unchanged parts), must not use a clock, and must be deterministic. Then a runtime
may repeat any step after a crash without harm.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from schemas.base import AnyEvent

__all__ = ["AnyEvent", "AnyProcessor", "EventPublisher", "Processor", "Sink"]

S = TypeVar("S")


class Processor(ABC, Generic[S]):
    """One step of the pipeline.

    ``inputs`` are the topics whose events are processed. ``references`` are topics of reference data (the client book,
    the source grades): the runtime passes their events to :meth:`update_reference` in order, and after a restart again
    from the beginning. ``outputs`` are the topics that the processor may write.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    inputs: ClassVar[tuple[str, ...]]
    references: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[tuple[str, ...]] = ()
    stateful: ClassVar[bool] = True

    def key(self, event: AnyEvent) -> str:
        """Return the key of the state that the event belongs to; irrelevant for stateless processors."""
        return event.subject

    def update_reference(self, event: AnyEvent) -> None:
        """Record a change of reference data. Must be cheap: rebuild derived data later."""
        raise NotImplementedError(f"{self.name} declares references but does not implement update_reference")

    @abstractmethod
    def initial(self, key: str) -> S:
        """Return the state of a new key."""

    @abstractmethod
    def process(self, state: S, event: AnyEvent, now: datetime) -> tuple[S, Sequence[AnyEvent]]:
        """Process one event. ``now`` is the time of the event.

        Raises:
            KnownBadEvent: the event can't be processed; the runtime moves it to the dead letters and continues.
        """

    def next_tick(self, state: S) -> datetime | None:
        """Return the next time at which this state changes without an event; None if it never does."""
        return None

    def tick(self, state: S, now: datetime) -> tuple[S, Sequence[AnyEvent]]:
        """Process the time of :meth:`next_tick`, which is ``now`` even if the call is late. Must move it forward."""
        return state, ()

    @abstractmethod
    def dump(self, state: S) -> bytes:
        """Serialize the state; equal states give equal bytes."""

    @abstractmethod
    def load(self, raw: bytes) -> S:
        """Deserialize the state, including states written by older versions."""


AnyProcessor = Processor[Any]


class EventPublisher(Protocol):
    """Appends events to their topics inside the caller's database transaction.

    Events whose id the topic already has are skipped, so that repeating a step after a crash changes nothing.
    """

    def publish(self, connection: Any, events: Sequence[AnyEvent]) -> int:
        """Append ``events`` in the open transaction of ``connection``; return how many were new."""
        ...


class Sink(Protocol):
    """Updates relational tables from events, in the same transaction as the runtime's offset.

    Must be idempotent (upsert by id), because Kafka may deliver an event again.
    """

    @property
    def name(self) -> str:
        """The name under which the offset is stored."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The topics that the sink reads."""
        ...

    def apply(self, connection: Any, event: AnyEvent) -> None:
        """Update tables from ``event`` through ``connection``; never commit, and never access anything else."""
        ...
