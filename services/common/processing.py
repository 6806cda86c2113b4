"""What a processor is, apart from any runtime: a pure step from (state, event, now) to (state, events).

A runtime owns the states, the order of events and the transactions. A processor owns none: it must not mutate the
state it is given (it returns another one, sharing what did not change), must not look at a clock, and must give the
same answer to the same question. Then a runtime may repeat any step after a crash, and the repeat is harmless.
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

    ``inputs`` are topics whose events are processed, ``references`` topics whose events only change what the processor
    knows (the client book, the source grades): the runtime feeds them to :meth:`refer` in their place in the order,
    and again from the beginning after a restart. ``outputs`` are the topics that may be written.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    inputs: ClassVar[tuple[str, ...]]
    references: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[tuple[str, ...]] = ()
    stateful: ClassVar[bool] = True

    def key(self, event: AnyEvent) -> str:
        """The key whose state the event concerns; stateless processors don't care."""
        return event.subject

    def refer(self, event: AnyEvent) -> None:
        """Take note of a change in reference data. Must be cheap: rebuild what depends on it later."""
        raise NotImplementedError(f"{self.name} declares references but doesn't take them")

    @abstractmethod
    def initial(self, key: str) -> S:
        """The state of a key that was never seen."""

    @abstractmethod
    def process(self, state: S, event: AnyEvent, now: datetime) -> tuple[S, Sequence[AnyEvent]]:
        """One step. ``now`` is the event's own time.

        Raises:
            KnownBadEvent: the event can't be worked with; the runtime puts it to the dead letters and goes on.
        """

    def next_tick(self, state: S) -> datetime | None:
        """When time alone will next change a decision for this state; None if never."""
        return None

    def tick(self, state: S, now: datetime) -> tuple[S, Sequence[AnyEvent]]:
        """Time has reached :meth:`next_tick`; ``now`` is that moment, however late the call. Must move it forward."""
        return state, ()

    @abstractmethod
    def dump(self, state: S) -> bytes:
        """The state as bytes, the same for equal states."""

    @abstractmethod
    def load(self, raw: bytes) -> S:
        """The inverse of :meth:`dump`; reads what older versions wrote."""


AnyProcessor = Processor[Any]


class EventPublisher(Protocol):
    """Appends events to their topics inside the caller's database transaction.

    Events whose id the topic already holds are left out, so that a repeat after a crash changes nothing.
    """

    def publish(self, connection: Any, events: Sequence[AnyEvent]) -> int:
        """Append ``events`` within ``connection``'s open transaction; return how many were new."""
        ...


class Sink(Protocol):
    """Keeps relational tables up to date from events; runs inside the runtime's transaction, together with the offset.

    Must be idempotent (upsert by id), for under Kafka an event may come again.
    """

    @property
    def name(self) -> str:
        """Under which its offset is kept."""
        ...

    @property
    def inputs(self) -> tuple[str, ...]:
        """The topics it takes."""
        ...

    def apply(self, connection: Any, event: AnyEvent) -> None:
        """Write what ``event`` says through ``connection``; never commit, never reach outside."""
        ...
