"""A worker that wakes after its partition went to another one neither says nor leaves behind anything of its own."""

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
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord
from firstword.runtimes.kafka.stage import FetchedRecord, Stage
from firstword.runtimes.kafka.states import States
from firstword.runtimes.kafka.tables import StateTable
from firstword.runtimes.kafka.values import unpack
from firstword.runtimes.kafka.watch import At
from schemas.base import event
from schemas.clients import ClientRemoved
from schemas.topics import decode, encode
from services.common.clock import ManualClock
from tests.unit.firstword.counting import item_event
from tests.unit.firstword.kafka.tallying import Tally

START = datetime(2100, 1, 4, 9, tzinfo=UTC)
SUBJECTS = 3


class Kafka:
    """One partition of items, one of the changelog, and what was said."""

    def __init__(self, count: int) -> None:
        events = [item_event(n % SUBJECTS, START + timedelta(minutes=n), f"who {n}") for n in range(count)]
        self.items = [
            InboundRecord("items", 0, offset, one.subject.encode(), encode(one), 0) for offset, one in enumerate(events)
        ]
        self.changelog: list[InboundRecord] = []
        self.committed = 0
        self.owner: Member | None = None
        self.said: list[tuple[str, str]] = []

    def compacted(self) -> list[InboundRecord]:
        newest = {record.key: record for record in self.changelog}
        return [record for record in self.changelog if newest[record.key] is record]


class Client:
    """A worker's connection; it freezes in front of its step number ``fuse``, until it is woken."""

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
            self._kafka.said.append((said.subject, said.data.summary))  # type: ignore[attr-defined]
            done.set_result(None)
        await self._step()
        return done

    async def ends(self, partitions: Iterable[At]) -> dict[At, int]:
        known = {"tally.states": len(self._kafka.changelog), "items": len(self._kafka.items)}
        return {at: known[at[0]] for at in partitions}

    async def positions(self, partitions: Iterable[At]) -> dict[At, int]:
        return dict.fromkeys(partitions, self._kafka.committed)

    async def between(self, at: At, begin: int, end: int) -> Sequence[InboundRecord]:
        return self._kafka.changelog[begin:end]

    async def _step(self) -> None:
        self._fuse -= 1
        if self._fuse == 0:
            self.frozen.set()
            await self.woken.wait()


class Store(SimpleNamespace):
    """What a table in memory consists of."""

    def __init__(self) -> None:
        super().__init__(data={}, _key_partition={}, persisted_offset=lambda at: None)
        self.set_persisted_offset = lambda at, offset: None


class Member:
    """A worker, which has read ``clients`` client events: what it says tells how many."""

    def __init__(self, kafka: Kafka, name: str, clients: int, *, fuse: int = -1) -> None:
        self._kafka = kafka
        self.client, self.fence = Client(kafka, fuse), Fence(name)
        self.table = StateTable(SimpleNamespace(data=Store()), lambda number: number)
        tally = Tally()
        for number in range(clients):
            gone = ClientRemoved(client_id=f"c{number}", revision=1)
            tally.refer(event(gone, key=f"c{number}", id=f"evt_{number}", source="test", time=START))
        self.stage = Stage(tally, self.client, DeadLetterLimit(5), ManualClock(START), {}, batch=4)

    async def live(self, *, until: int, compacted: bool = False) -> None:
        """Take the partition over, and work its records up to the one at ``until``."""
        kafka = self._kafka
        kafka.owner = self
        for record in kafka.compacted() if compacted else list(kafka.changelog):
            key = (record.key or b"").decode()
            if self.fence.note(0, record.offset, key, record.headers):
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
        """What lets the offset of ``record`` be committed."""

        def done() -> None:
            if self._kafka.owner is self:  # Kafka refuses a sleeper's offsets
                self._kafka.committed = record.offset + 1

        return done


async def night(fuse: int, asleep: int, kafka: Kafka) -> bool:
    """One falls asleep at its step ``fuse``, another goes on to the item ``asleep``, the first wakes; then a third."""
    first, second = Member(kafka, "first", 0, fuse=fuse), Member(kafka, "second", 1)
    begun = asyncio.ensure_future(first.live(until=len(kafka.items)))
    sleeping = asyncio.ensure_future(first.client.frozen.wait())
    await asyncio.wait([begun, sleeping], return_when=asyncio.FIRST_COMPLETED)
    sleeping.cancel()
    if begun.done():
        return False
    await second.live(until=max(asleep, kafka.committed))
    first.client.woken.set()
    with suppress(Superseded, RuntimeError):  # the second: a record of a partition that it could not claim
        await begun
    await second.stage.look()
    await Member(kafka, "third", 2).live(until=len(kafka.items), compacted=True)
    return True


@settings(max_examples=150, deadline=None)
@given(fuse=st.integers(1, 120), asleep=st.integers(0, 24))
def test_whenever_a_worker_sleeps_and_wakes_each_count_is_said_in_one_way(fuse: int, asleep: int) -> None:
    kafka = Kafka(24)
    asyncio.run(night(fuse, asleep, kafka))
    # Each of the items is answered in one way, by whichever worker; the same words may come again.
    by_count = Counter((subject, said.split(" with ")[0]) for subject, said in set(kafka.said) if "count" in said)
    assert by_count == {(f"itm_{n}", f"count {count}"): 1 for n in range(SUBJECTS) for count in range(1, 9)}
    kept = [unpack(one.payload) for one in kafka.compacted() if one.payload and not is_claim((one.key or b"").decode())]
    assert [Tally().load(value.state)[1] for value in kept] == [8] * SUBJECTS


def test_who_sleeps_before_writing_wakes_to_say_nothing() -> None:
    kafka = Kafka(8)
    assert asyncio.run(night(3, 8, kafka))
    assert {said.rsplit(" with ")[1] for _, said in kafka.said} == {"1 clients"}


def test_what_came_before_a_rebalance_is_left_for_kafka_to_give_again() -> None:
    """Else what lies behind a gap would be acknowledged, and Faust commit past the gap."""
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
    assert len({answer for answer in kafka.said if answer[1].startswith("count")}) == 6


@pytest.mark.parametrize("later", [Writer(2, "b"), Writer(7, "c")])
def test_a_record_counts_if_no_higher_claim_stands_before_it(later: Writer) -> None:
    fence, first = Fence("x"), Writer(1, "a")
    assert fence.note(0, 0, "old", ())
    assert fence.note(0, 1, claim_key(0), first.headers())
    assert fence.note(0, 2, "k", first.headers())
    assert fence.note(0, 3, claim_key(0), later.headers())
    assert not fence.note(0, 4, "k", first.headers())
    assert not fence.note(0, 5, "old", NOBODY.headers())
    assert fence.strays(0) == ["k", "old"]
    assert fence.note(0, 6, "k", later.headers())
    assert fence.strays(0) == ["old"]
    # Read again from the beginning, or from the middle, they count as they did.
    assert fence.note(0, 2, "k", first.headers())
    assert not fence.note(0, 4, "old", first.headers())


def test_of_two_that_claim_alike_the_first_has_it() -> None:
    fence, first, second = Fence("x"), Writer(3, "a"), Writer(3, "b")
    assert fence.note(0, 0, claim_key(0), first.headers())
    fence.hold(0, first)
    assert not fence.note(0, 1, claim_key(0), second.headers())
    assert not fence.is_lost(0)
    assert fence.strays(0) == [claim_key(0)]
    assert fence.next_claim(0) == Writer(4, "x")


def test_a_table_on_disk_remembers_who_held_its_partitions() -> None:
    fence = Fence("x", lambda number: Writer(5, "a").dump() if number == 2 else None)
    assert not fence.note(2, 70, "k", Writer(4, "b").headers())
    assert fence.note(2, 71, "k", Writer(5, "a").headers())
    assert fence.next_claim(2) == Writer(6, "x")
    assert fence.next_claim(1) == Writer(1, "x")


def test_who_holds_nothing_may_write_nothing() -> None:
    fence = Fence("x")
    fence.hold(0, Writer(1, "x"))
    assert fence.writer(0) == Writer(1, "x")
    fence.release()
    with pytest.raises(Superseded):
        fence.writer(0)
