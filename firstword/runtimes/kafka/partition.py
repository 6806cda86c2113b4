"""One processor on one partition: decide what a batch of records does. The worker does the writing and sending.

Kafka keeps order within a partition only, so each partition has its own states and timers. Before an event of time *t*,
the timers of its partition that are due by *t* fire, as they do for the whole processor in the embedded runtime.

The worker must carry out an effect in this order: write ``states`` to the changelog and wait; send ``outputs`` and
``letters`` and wait; write what ``confirm()`` returns; commit the offsets. Then a kill at any point loses nothing, and
every output belongs to a stored state:

- before the states are written: nothing was sent; the events come again and are decided again;
- afterwards, before everything is sent: the events come again, are recognized by their offsets, and their outputs are
  sent again;
- afterwards: at worst something is sent twice, byte for byte, and is recognized by its id.
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

__all__ = ["BatchEffect", "PartitionWorker"]

#: Decoded states to keep in memory per partition; others are read from the table again when they are needed.
CACHED_STATES = 2_000


@dataclass(slots=True)
class BatchEffect:
    """The effect of a batch: values for the changelog by key, records to send, and dead letters."""

    states: dict[str, bytes] = field(default_factory=dict)
    outputs: list[OutboundRecord] = field(default_factory=list)
    letters: list[DeadLetterRecord] = field(default_factory=list)


@dataclass(slots=True)
class _KeyState:
    state: Any
    offsets: dict[str, int]
    recent: RecentIds
    outputs: tuple[OutboundRecord, ...]


class PartitionWorker:
    """Processes one partition of a processor's inputs.

    ``load`` returns the changelog's latest value of a key. ``committed`` has, by topic, the first offset that the group
    has not committed. ``timers`` are the partition's due times and keys.
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
        self._cache: OrderedDict[str, _KeyState] = OrderedDict()
        self._batch: dict[str, _KeyState] = {}
        self._ticked: set[str] = set()
        self._confirmed: set[str] = set()
        self._resent: set[str] = set()

    def process(self, records: Sequence[InboundRecord], now: datetime) -> BatchEffect:
        """Decide a batch of records of this partition, in order. ``now`` is only the date of dead letters."""
        effect = BatchEffect()
        for record in records:
            try:
                event = decode(record.topic, record.payload or b"")
                if self._processor.stateful:
                    self._process(record, event, effect)
                else:
                    effect.outputs.extend(map(outbound_record, self._stepper.apply(event)[1]))
            except (UnreadableEvent, KnownBadEvent) as error:
                processor = self._processor
                effect.letters.append(dead_letter_for(record, error, processor.name, processor.version, now))
        return self._finish(effect)

    def fire(self, until: datetime) -> BatchEffect:
        """Fire the timers due by ``until``."""
        effect = BatchEffect()
        self._fire(until, effect)
        return self._finish(effect)

    def is_due(self, now: datetime) -> bool:
        """Return true if a timer of this partition is due."""
        earliest = self._stepper.timers.earliest()
        return earliest is not None and earliest <= now

    def resend_ticks(self, keys: Iterable[str]) -> BatchEffect:
        """Send again what timers of ``keys`` produced before a crash. Must be carried out before anything else."""
        effect = BatchEffect()
        for key in keys:
            effect.outputs.extend(self._key_state(key).outputs)
            self._resent.add(key)
            self._ticked.add(key)
        return effect

    def confirm(self, effect: BatchEffect) -> dict[str, bytes]:
        """Record that everything in ``effect`` was sent; return what to write to the changelog afterwards.

        These values no longer mark a timer's outputs as unconfirmed: no event will come again to trigger them.
        """
        self._confirmed.update(effect.states, self._resent)
        self._resent.clear()
        values = {key: self._pack(key, ticked=False) for key in sorted(self._ticked)}
        self._ticked.clear()
        while len(self._cache) > CACHED_STATES:
            self._cache.popitem(last=False)
        return values

    def _process(self, record: InboundRecord, event: AnyEvent, effect: BatchEffect) -> None:
        key = self._processor.key(event)
        if key != event.subject:
            raise RuntimeError(
                f"{self._processor.name}: the state's key {key!r} is not the event's subject {event.subject!r}. On "
                "Kafka the subject decides the partition, and a state belongs to one partition."
            )
        key_state = self._key_state(key)
        if record.offset <= key_state.offsets.get(record.topic, -1):
            self._resend_unconfirmed(key, key_state, effect)
            return
        if event.id in key_state.recent:
            return
        self._fire(event.time, effect)
        before = self._stepper.touched.get(key)
        _, out = self._stepper.apply(event)
        if not out and self._stepper.touched.get(key) is before and key not in self._batch:
            return
        key_state = self._touch(key, effect)
        key_state.offsets[record.topic] = record.offset
        key_state.recent.add(event.id, record.timestamp_ms // 1000)
        self._add_outputs(key_state, out, effect)

    def _fire(self, until: datetime, effect: BatchEffect) -> None:
        while fired := self._stepper.fire_next(until):
            key, out = fired
            key_state = self._touch(key, effect)
            if out:
                self._ticked.add(key)
            self._add_outputs(key_state, out, effect)

    def _touch(self, key: str, effect: BatchEffect) -> _KeyState:
        """Add ``key`` to the batch. Its earlier outputs are dropped if they are confirmed."""
        if key not in self._batch:
            key_state = self._key_state(key)
            unconfirmed = self._resend_unconfirmed(key, key_state, effect)
            outputs = key_state.outputs if unconfirmed else ()
            self._batch[key] = _KeyState(key_state.state, key_state.offsets, key_state.recent, outputs)
        return self._batch[key]

    def _resend_unconfirmed(self, key: str, key_state: _KeyState, effect: BatchEffect) -> bool:
        """Send the outputs of the last batch before a crash again, unless they are known to have been sent."""
        if key in self._confirmed or all(
            offset < self._committed.get(topic, 0) for topic, offset in key_state.offsets.items()
        ):
            return False
        if key not in self._resent:
            self._resent.add(key)
            effect.outputs.extend(key_state.outputs)
        return True

    @staticmethod
    def _add_outputs(key_state: _KeyState, out: Sequence[AnyEvent], effect: BatchEffect) -> None:
        outputs = tuple(map(outbound_record, out))
        key_state.outputs += outputs
        effect.outputs.extend(outputs)

    def _finish(self, effect: BatchEffect) -> BatchEffect:
        for key, state in self._stepper.touched.items():
            self._batch[key].state = state
        self._stepper.touched.clear()
        for key, key_state in self._batch.items():
            self._cache[key] = key_state
            self._cache.move_to_end(key)
            effect.states[key] = self._pack(key, ticked=key in self._ticked)
        self._batch.clear()
        return effect

    def _pack(self, key: str, *, ticked: bool) -> bytes:
        key_state = self._key_state(key)
        return pack(
            StateValue(
                partition=self._partition,
                state=self._processor.dump(key_state.state),
                next_tick=self._processor.next_tick(key_state.state),
                offsets=key_state.offsets,
                recent=key_state.recent,
                outputs=key_state.outputs,
                ticked=ticked,
            )
        )

    def _state(self, key: str) -> Any:
        return self._key_state(key).state

    def _key_state(self, key: str) -> _KeyState:
        key_state = self._batch.get(key) or self._cache.get(key)
        if key_state is None:
            raw = self._load(key)
            if raw is None:
                key_state = _KeyState(self._processor.initial(key), {}, RecentIds(), ())
            else:
                value = unpack(raw)
                key_state = _KeyState(self._processor.load(value.state), value.offsets, value.recent, value.outputs)
            self._cache[key] = key_state
        return key_state
