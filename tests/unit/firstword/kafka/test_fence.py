"""A worker that wakes up after losing its partition sends nothing and leaves no invalid state behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firstword.runtimes.dead_letter_limit import DeadLetterLimit
from firstword.runtimes.kafka.fence import NOBODY, Fence, Superseded, Writer, claim_key, is_claim
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, PartitionId
from firstword.runtimes.kafka.stage import FetchedRecord, Stage
from firstword.runtimes.kafka.states import States
from firstword.runtimes.kafka.tables import StateTable
from firstword.runtimes.kafka.values import unpack
from schemas.base import event
from schemas.clients import ClientRemoved
from schemas.topics import decode, encode
from services.common.clock import ManualClock
from tests.unit.firstword.counting import item_event
from tests.unit.firstword.kafka.tallying import Tally

START = datetime(2100, 1, 4, 9, tzinfo=UTC)
SUBJECTS = 3


class Kafka:
    """One partition of items, one of the changelog, and the outputs sent."""

    def __init__(self, count: int) -> None:
        events = [item_event(n % SUBJECTS, START + timedelta(minutes=n), f"who {n}") for n in range(count)]
        self.items = [
            InboundRecord("items", 0, offset, entry.subject.encode(), encode(entry), 0)
            for offset, entry in enumerate(events)
        ]
        self.changelog: list[InboundRecord] = []
        self.committed = 0
        self.owner: Member | None = None
        self.sent: list[tuple[str, str]] = []

    def compacted(self) -> list[InboundRecord]:
        newest = {record.key: record for record in self.changelog}
        return [record for record in self.changelog if newest[record.key] is record]


class Client:
    """A worker's connection. It freezes before its step number ``fuse`` until it is woken."""

    def __init__(self, kafka: Kafka, fuse: int) -> None:
        self._kafka, self._fuse = kafka, fuse
        self.frozen, self.woken = asyncio.Event(), asyncio.Event()

    async def send(self, out: OutboundRecord, partition: int | None = None) -> Awaitable[Any]:
        await self._step()
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        log = self._kafka.changelog
        if out.topic == "tally.states":
            log.append(InboundRecord(out.topic, 0, len(log), out.key, out.payload, 0, out.headers))
            done.set_result(SimpleNamespace(offset=len(log) - 1, topic_partition="tally.states-0"))
        else:
            said = decode(out.topic, out.payload or b"")
            self._kafka.sent.append((said.subject, said.data.summary))  # type: ignore[attr-defined]
            done.set_result(None)
        await self._step()
        return done

    async def ends(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        known = {"tally.states": len(self._kafka.changelog), "items": len(self._kafka.items)}
        return {at: known[at[0]] for at in partitions}

    async def positions(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        return dict.fromkeys(partitions, self._kafka.committed)

    async def between(self, at: PartitionId, begin: int, end: int) -> Sequence[InboundRecord]:
        return self._kafka.changelog[begin:end]

    async def _step(self) -> None:
        self._fuse -= 1
        if self._fuse == 0:
            self.frozen.set()
            await self.woken.wait()


class Store(SimpleNamespace):
    """The parts of a table in memory that are used."""

    def __init__(self) -> None:
        super().__init__(data={}, _key_partition={}, persisted_offset=lambda at: None)
        self.set_persisted_offset = lambda at, offset: None


class Member:
    """A worker that has read ``clients`` client events. Its outputs contain that number."""

    def __init__(self, kafka: Kafka, name: str, clients: int, *, fuse: int = -1) -> None:
        self._kafka = kafka
        self.client, self.fence = Client(kafka, fuse), Fence(name)
        self.table = StateTable(SimpleNamespace(data=Store()), lambda number: number)
        tally = Tally()
        for number in range(clients):
            gone = ClientRemoved(client_id=f"c{number}", revision=1)
            tally.update_reference(event(gone, key=f"c{number}", id=f"evt_{number}", source="test", time=START))
        self.stage = Stage(tally, self.client, DeadLetterLimit(5), ManualClock(START), {}, batch=4)

    async def live(self, *, until: int, compacted: bool = False) -> None:
        """Take over the partition and process its records up to the one at ``until``."""
        kafka = self._kafka
        kafka.owner = self
        for record in kafka.compacted() if compacted else list(kafka.changelog):
            key = (record.key or b"").decode()
            if self.fence.observe(0, record.offset, key, record.headers):
                self.table.put(0, key, record.payload)
        self.stage.states = States(self.table, "tally.states", self.fence, self.client)
        await self.stage.assign([0])
        work = asyncio.ensure_future(self.stage.run())
        fed = asyncio.ensure_future(self._feed(until))
        await asyncio.wait([work, fed], return_when=asyncio.FIRST_COMPLETED)
        fed.cancel()
        if work.done():
            work.result()
        work.cancel()

    async def _feed(self, until: int) -> None:
        for record in self._kafka.items[self._kafka.committed : until]:
            await self.stage.put(
                FetchedRecord(record, self.done(record), lambda: True)
            )  # a sleeper believes that it is its
        await self.stage.idle()

    def done(self, record: InboundRecord) -> Callable[[], None]:
        """Return the callback that commits the offset of ``record``."""

        def done() -> None:
            if self._kafka.owner is self:  # Kafka rejects the offsets of a frozen worker
                self._kafka.committed = record.offset + 1

        return done


async def freeze_and_wake(fuse: int, asleep: int, kafka: Kafka) -> bool:
    """Freeze a worker at step ``fuse``, run another up to item ``asleep``, wake the first; then run a third.

    Return false if the first worker finished before it froze.
    """
    first, second = Member(kafka, "first", 0, fuse=fuse), Member(kafka, "second", 1)
    begun = asyncio.ensure_future(first.live(until=len(kafka.items)))
    sleeping = asyncio.ensure_future(first.client.frozen.wait())
    await asyncio.wait([begun, sleeping], return_when=asyncio.FIRST_COMPLETED)
    sleeping.cancel()
    if begun.done():
        return False
    await second.live(until=max(asleep, kafka.committed))
    first.client.woken.set()
    with suppress(Superseded, RuntimeError):  # RuntimeError: a record of a partition that it could not claim
        await begun
    await second.stage.check_ownership()
    await Member(kafka, "third", 2).live(until=len(kafka.items), compacted=True)
    return True


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(fuse=st.integers(1, 120), asleep=st.integers(0, 24))
def test_whenever_a_worker_freezes_and_wakes_each_item_gets_one_answer(fuse: int, asleep: int) -> None:
    kafka = Kafka(24)
    asyncio.run(freeze_and_wake(fuse, asleep, kafka))
    # Each item gets one answer, from whichever worker; the same answer may be sent again.
    by_count = Counter((subject, said.split(" with ")[0]) for subject, said in set(kafka.sent) if "count" in said)
    assert by_count == {(f"itm_{n}", f"count {count}"): 1 for n in range(SUBJECTS) for count in range(1, 9)}
    kept = [
        unpack(entry.payload)
        for entry in kafka.compacted()
        if entry.payload and not is_claim((entry.key or b"").decode())
    ]
    assert [Tally().load(value.state)[1] for value in kept] == [8] * SUBJECTS


def test_a_worker_that_freezes_before_writing_sends_nothing_after_waking() -> None:
    kafka = Kafka(8)
    assert asyncio.run(freeze_and_wake(3, 8, kafka))
    assert {said.rsplit(" with ")[1] for _, said in kafka.sent} == {"1 clients"}


def test_records_queued_before_a_rebalance_are_dropped_and_delivered_again() -> None:
    """Otherwise later records would be acknowledged and Faust would commit past the dropped ones."""
    kafka = Kafka(6)

    async def rebalanced() -> None:
        member = Member(kafka, "first", 1)
        await member.live(until=2)
        stage = member.stage
        for record in kafka.items[4:]:
            await stage.put(FetchedRecord(record, member.done(record), lambda: True))
        await stage.revoke()
        await stage.assign([0])
        work = asyncio.ensure_future(stage.run())
        await stage.idle()
        assert kafka.committed == 2
        work.cancel()
        await member.live(until=6)

    asyncio.run(rebalanced())
    assert kafka.committed == 6
    assert len({answer for answer in kafka.sent if answer[1].startswith("count")}) == 6


@pytest.mark.parametrize("later", [Writer(2, "b"), Writer(7, "c")])
def test_a_record_is_valid_unless_a_higher_claim_stands_before_it(later: Writer) -> None:
    fence, first = Fence("x"), Writer(1, "a")
    assert fence.observe(0, 0, "old", ())
    assert fence.observe(0, 1, claim_key(0), first.headers())
    assert fence.observe(0, 2, "k", first.headers())
    assert fence.observe(0, 3, claim_key(0), later.headers())
    assert not fence.observe(0, 4, "k", first.headers())
    assert not fence.observe(0, 5, "old", NOBODY.headers())
    assert fence.strays(0) == ["k", "old"]
    assert fence.observe(0, 6, "k", later.headers())
    assert fence.strays(0) == ["old"]
    # Reading them again, from the beginning or the middle, gives the same result.
    assert fence.observe(0, 2, "k", first.headers())
    assert not fence.observe(0, 4, "old", first.headers())


def test_of_two_equal_claims_the_first_wins() -> None:
    fence, first, second = Fence("x"), Writer(3, "a"), Writer(3, "b")
    assert fence.observe(0, 0, claim_key(0), first.headers())
    fence.hold(0, first)
    assert not fence.observe(0, 1, claim_key(0), second.headers())
    assert not fence.is_lost(0)
    assert fence.strays(0) == [claim_key(0)]
    assert fence.next_claim(0) == Writer(4, "x")


def test_the_claim_in_a_table_on_disk_is_used() -> None:
    fence = Fence("x", lambda number: Writer(5, "a").dump() if number == 2 else None)
    assert not fence.observe(2, 70, "k", Writer(4, "b").headers())
    assert fence.observe(2, 71, "k", Writer(5, "a").headers())
    assert fence.next_claim(2) == Writer(6, "x")
    assert fence.next_claim(1) == Writer(1, "x")


def test_a_worker_without_partitions_must_not_write() -> None:
    fence = Fence("x")
    fence.hold(0, Writer(1, "x"))
    assert fence.writer(0) == Writer(1, "x")
    fence.release()
    with pytest.raises(Superseded):
        fence.writer(0)
