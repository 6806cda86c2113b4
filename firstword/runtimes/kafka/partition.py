"""One processor on one partition: decides what a batch of records does, and leaves writing and sending to the worker.

Order within a partition is Kafka's; between partitions there is none, so each has states and timers of its own. Before
an event of time *t*, the timers of its partition that are due by *t* fire, as they do embedded for the whole processor.

The worker must carry a decision out in this order: ``states`` to the changelog, wait; ``outputs`` and ``letters``,
wait; ``settled()``; then commit. Then a kill anywhere loses nothing and says nothing that is not remembered:

- before the states are written: nothing was said; the events come again and are decided anew;
- after that, before all is sent: the events come again, are known by their offsets, and what they said is sent again;
- after that: at most something is sent twice, byte for byte, and is known by its id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from firstword.runtimes.kafka.dead_letter_records import DeadLetterRecord, dead_letter_for
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, outbound_record
from firstword.runtimes.kafka.values import RecentIds, StateValue, pack, unpack
from firstword.runtimes.stepping import Stepper
from firstword.runtimes.timers import Timers
from schemas.topics import UnreadableEvent, decode
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, AnyProcessor

__all__ = ["Decision", "PartitionWorker"]

#: Decoded states kept at hand for each partition; the rest is read again from the table when needed.
CACHED_STATES = 2_000


@dataclass(slots=True)
class Decision:
    """What a batch does: values for the changelog by key, records to send, and what could not be worked with."""

    states: dict[str, bytes] = field(default_factory=dict)
    outputs: list[OutboundRecord] = field(default_factory=list)
    letters: list[DeadLetterRecord] = field(default_factory=list)


@dataclass(slots=True)
class _Kept:
    state: Any
    offsets: dict[str, int]
    recent: RecentIds
    said: tuple[OutboundRecord, ...]


class PartitionWorker:
    """Works one partition of a processor's inputs.

    ``load`` gives the changelog's newest value of a key. ``committed`` tells, by topic, the first offset that this
    group has not committed. ``timers`` are the keys of this partition that wait for a moment.
    """

    def __init__(
        self,
        processor: AnyProcessor,
        partition: int,
        load: Callable[[str], bytes | None],
        committed: Mapping[str, int],
        timers: Iterable[tuple[datetime, str]] = (),
    ) -> None:
        self._processor = processor
        self._partition = partition
        self._load = load
        self._committed = committed
        self._stepper = Stepper(processor, self._state, Timers(timers))
        self._cache: OrderedDict[str, _Kept] = OrderedDict()
        self._batch: dict[str, _Kept] = {}
        self._ticked: set[str] = set()
        self._heard: set[str] = set()
        self._repeated: set[str] = set()

    def work(self, records: Sequence[InboundRecord], now: datetime) -> Decision:
        """Decide a batch of records of this partition, in their order; ``now`` only dates dead letters."""
        decision = Decision()
        for record in records:
            try:
                event = decode(record.topic, record.payload or b"")
                if self._processor.stateful:
                    self._take(record, event, decision)
                else:
                    decision.outputs.extend(map(outbound_record, self._stepper.apply(event)[1]))
            except (UnreadableEvent, KnownBadEvent) as error:
                decision.letters.append(
                    dead_letter_for(record, error, self._processor.name, self._processor.version, now)
                )
        return self._decided(decision)

    def fire(self, until: datetime) -> Decision:
        """Decide what time alone has brought up to ``until``."""
        decision = Decision()
        self._fire(until, decision)
        return self._decided(decision)

    def is_due(self, now: datetime) -> bool:
        """Whether a timer of this partition is due."""
        earliest = self._stepper.timers.earliest()
        return earliest is not None and earliest <= now

    def unheard(self, keys: Iterable[str]) -> Decision:
        """What ticks of ``keys`` said before a crash, and nobody may have heard: to be sent before anything else."""
        decision = Decision()
        for key in keys:
            decision.outputs.extend(self._kept(key).said)
            self._repeated.add(key)
            self._ticked.add(key)
        return decision

    def settled(self, decision: Decision) -> dict[str, bytes]:
        """To be called when all of ``decision`` has arrived; return what to write to the changelog after it.

        What a tick said is taken out of its value then: no event will come again that would bring it up.
        """
        self._heard.update(decision.states, self._repeated)
        self._repeated.clear()
        again = {key: self._packed(key, ticked=False) for key in sorted(self._ticked)}
        self._ticked.clear()
        while len(self._cache) > CACHED_STATES:
            self._cache.popitem(last=False)
        return again

    def _take(self, record: InboundRecord, event: AnyEvent, decision: Decision) -> None:
        key = self._processor.key(event)
        if key != event.subject:
            raise RuntimeError(
                f"{self._processor.name}: the state {key!r} is not the event's subject {event.subject!r}; on Kafka the "
                "subject decides the partition, and a state lives in one."
            )
        kept = self._kept(key)
        if record.offset <= kept.offsets.get(record.topic, -1):
            self._repeat(key, kept, decision)
            return
        if event.id in kept.recent:
            return
        self._fire(event.time, decision)
        before = self._stepper.touched.get(key)
        _, out = self._stepper.apply(event)
        if not out and self._stepper.touched.get(key) is before and key not in self._batch:
            return
        kept = self._touch(key, decision)
        kept.offsets[record.topic] = record.offset
        kept.recent.add(event.id, record.timestamp_ms // 1000)
        self._say(kept, out, decision)

    def _fire(self, until: datetime, decision: Decision) -> None:
        while fired := self._stepper.fire_next(until):
            key, out = fired
            kept = self._touch(key, decision)
            if out:
                self._ticked.add(key)
            self._say(kept, out, decision)

    def _touch(self, key: str, decision: Decision) -> _Kept:
        """Take ``key`` into the batch; what it said before is forgotten with that, if it has been heard."""
        if key not in self._batch:
            kept = self._kept(key)
            unheard = self._repeat(key, kept, decision)
            self._batch[key] = _Kept(kept.state, kept.offsets, kept.recent, kept.said if unheard else ())
        return self._batch[key]

    def _repeat(self, key: str, kept: _Kept, decision: Decision) -> bool:
        """Say again what the last batch before a crash said for ``key``, unless it is known to have arrived."""
        if key in self._heard or all(at < self._committed.get(topic, 0) for topic, at in kept.offsets.items()):
            return False
        if key not in self._repeated:
            self._repeated.add(key)
            decision.outputs.extend(kept.said)
        return True

    @staticmethod
    def _say(kept: _Kept, out: Sequence[AnyEvent], decision: Decision) -> None:
        said = tuple(map(outbound_record, out))
        kept.said += said
        decision.outputs.extend(said)

    def _decided(self, decision: Decision) -> Decision:
        for key, state in self._stepper.touched.items():
            self._batch[key].state = state
        self._stepper.touched.clear()
        for key, kept in self._batch.items():
            self._cache[key] = kept
            self._cache.move_to_end(key)
            decision.states[key] = self._packed(key, ticked=key in self._ticked)
        self._batch.clear()
        return decision

    def _packed(self, key: str, *, ticked: bool) -> bytes:
        kept = self._kept(key)
        return pack(
            StateValue(
                partition=self._partition,
                state=self._processor.dump(kept.state),
                next_tick=self._processor.next_tick(kept.state),
                offsets=kept.offsets,
                recent=kept.recent,
                said=kept.said,
                ticked=ticked,
            )
        )

    def _state(self, key: str) -> Any:
        return self._kept(key).state

    def _kept(self, key: str) -> _Kept:
        kept = self._batch.get(key) or self._cache.get(key)
        if kept is None:
            raw = self._load(key)
            if raw is None:
                kept = _Kept(self._processor.initial(key), {}, RecentIds(), ())
            else:
                value = unpack(raw)
                kept = _Kept(self._processor.load(value.state), value.offsets, value.recent, value.said)
            self._cache[key] = kept
        return kept
