"""A worker on Kafka: runs processors as Faust agents, at least once, with their states in Faust tables.

Its design follows from measurements of faust-streaming 0.15.3. An agent only passes records on and acknowledges none. A
record is acknowledged when its batch is done, so neither an exception nor a canceled agent commits unprocessed records.
An unexpected error ends the process with its offsets uncommitted, and the next process continues there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from typing import Any

from aiokafka.errors import KafkaError
from faust.types import TP

from firstword.runtimes.dead_letter_limit import DeadLetterLimit, window_start
from firstword.runtimes.kafka.changelogs import changelogs
from firstword.runtimes.kafka.dead_letter_records import dead_letter_for
from firstword.runtimes.kafka.dead_letter_topics import letters_since
from firstword.runtimes.kafka.faust_app import (
    fix_recovery,
    fix_seek,
    header_pairs,
    new_app,
    raw_topic,
    skip_invalid_records,
)
from firstword.runtimes.kafka.fence import Fence, claim_key
from firstword.runtimes.kafka.health import HealthServer, Progress
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord, PartitionId
from firstword.runtimes.kafka.references import ReferenceReader
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.stage import FetchedRecord, Stage
from firstword.runtimes.kafka.states import States
from firstword.runtimes.kafka.tables import StateTable
from firstword.runtimes.kafka.watch import GroupWatch
from schemas.topics import TOPICS
from services.common.clock import Clock
from services.common.errors import FirstwordError
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import AnyProcessor

__all__ = ["KafkaWorker", "LostStates"]

log = get_logger(__name__)

CHECK_SECONDS = 2.0
STOP_SECONDS = 5.0


class LostStates(FirstwordError):
    """States could not be restored from the changelog. Without them, everything would be sent again."""


class KafkaWorker:
    """Runs ``processors`` for one service. All workers of a service must run the same ones."""

    def __init__(
        self,
        service: str,
        processors: Sequence[AnyProcessor],
        settings: KafkaSettings,
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self._service = service
        self._processors = tuple(processors)
        self._settings = settings
        self._clock = clock
        self._metrics = metrics or Metrics()
        self.progress = Progress(settings.stall_seconds)
        self._stages: list[Stage] = []
        self._failed: asyncio.Future[None]
        self._app: Any = None

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set; then finish the current batches, commit, and leave the group.

        Raises:
            MissingTopic: a topic is missing or has another number of partitions than ``schemas/topics.py`` says.
            TooManyDeadLetters: more events failed than the limit allows.
            Exception: an unexpected error of a processor. The process must end.
        """
        self._failed = asyncio.get_running_loop().create_future()
        self._watch = GroupWatch(self._settings, self._settings.group(self._service))
        await self._watch.start()
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._watch.stop)
            await self._watch.require(self._topics())
            await self._build()
            port = self._settings.health_port
            if port is not None:
                server = HealthServer(lambda: self.progress.report(time.monotonic()), self._metrics.render)
                bound = await server.start(self._settings.health_host, port)
                stack.push_async_callback(server.stop)
                log.info("The health endpoint is listening.", action="health.listening", port=bound)
            await self._serve(stop)

    def _topics(self) -> dict[str, int]:
        topics = {changelog.name: changelog.partitions for changelog in changelogs(self._processors).values()}
        for processor in self._processors:
            for topic in (*processor.inputs, *processor.references, *processor.outputs):
                topics[topic] = TOPICS[topic].partitions
            for topic in processor.inputs:
                topics[TOPICS[topic].dead_letters] = 1
        return topics

    async def _build(self) -> None:
        settings = self._settings
        app = self._app = new_app(settings, settings.group(self._service))
        fix_recovery(app)
        fix_seek(app)
        inputs = sorted({topic for processor in self._processors for topic in processor.inputs})
        self._limit = DeadLetterLimit(settings.dead_letters_per_hour)
        letters = await letters_since(settings, inputs, window_start(self._clock.now()))
        self._limit.restore(letter.at for letter in letters)
        self._references = ReferenceReader(settings, self._processors, self._bad_reference)
        by_processor = changelogs(self._processors)
        for processor in self._processors:
            changelog = by_processor.get(processor.name)
            stage = Stage(
                processor,
                self,
                self._limit,
                self._clock,
                self.progress.positions,
                batch=settings.batch,
            )
            self._stages.append(stage)
            if changelog is not None:
                self._add_table(stage, changelog.name, changelog.partitions)
            self._add_agent(stage)
        self._fail_on_recovery_errors()
        app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        app.on_rebalance_complete.connect(self._on_rebalanced, weak=False)

    def _add_table(self, stage: Stage, changelog: str, partitions: int) -> None:
        app = self._app
        topic = raw_topic(app, self._settings.topic(changelog), partitions=partitions, internal=True)
        table = app.Table(
            f"{stage.processor.name}-states",
            key_type=bytes,
            value_type=bytes,
            partitions=partitions,
            changelog_topic=topic,
        )

        name = self._settings.topic(changelog)
        states = StateTable(table, lambda number: TP(name, number))
        fence = Fence(secrets.token_hex(4), lambda number: states.get(number, claim_key(number)))
        skip_invalid_records(table, fence)
        stage.states = States(states, changelog, fence, self)

        async def recovered() -> None:
            await self._or_fail(stage.assign(self._owned(stage.processor)))

        table.on_recover(recovered)

    def _fail_on_recovery_errors(self) -> None:
        """Stop if Faust can't restore a changelog record. Faust itself would log a warning and go on without it."""

        def check(record: logging.LogRecord) -> bool:
            if (message := record.getMessage()).startswith("Error in recovery"):
                self._fail(
                    LostStates(
                        f"{self._service}: states can't be restored: {message}.",
                        fix="See the log. Nothing was processed.",
                    )
                )
            return True

        logging.getLogger("faust.tables.recovery").addFilter(check)

    def _add_agent(self, stage: Stage) -> None:
        app = self._app
        names = [self._settings.topic(topic) for topic in stage.processor.inputs]
        topic = raw_topic(app, *names)

        async def consume(stream: Any) -> None:
            async for event in stream.noack().events():
                await stage.put(self._fetched(event))

        app.agent(topic, name=f"{self._service}.{stage.processor.name}")(consume)

    def _fetched(self, event: Any) -> FetchedRecord:
        message = event.message
        record = InboundRecord(
            topic=self._settings.name(message.topic),
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            payload=message.value,
            timestamp_ms=round((message.timestamp or 0) * 1000),
            headers=header_pairs(message.headers),
        )
        return FetchedRecord(record, event.ack, lambda: message.tp in self._app.consumer.assignment())

    # The broker that the stages use.

    async def send(self, out: OutboundRecord, partition: int | None = None) -> Awaitable[Any]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        sent: Awaitable[Any] = await self._app.producer.send(
            self._settings.topic(out.topic), out.key, out.payload, partition, None, list(out.headers)
        )
        return sent

    async def ends(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        return await self._watch.ends(partitions)

    async def positions(self, partitions: Iterable[PartitionId]) -> dict[PartitionId, int]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        return await self._watch.positions(partitions)

    async def between(self, partition: PartitionId, begin: int, end: int) -> Sequence[InboundRecord]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        return await self._watch.between(partition, begin, end)

    # Rebalances.

    def _owned(self, processor: AnyProcessor) -> set[int]:
        names = {self._settings.topic(topic) for topic in processor.inputs}
        return {partition.partition for partition in self._app.consumer.assignment() if partition.topic in names}

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        for stage in self._stages:
            await stage.revoke()

    async def _on_rebalanced(self, *_: Any, **__: Any) -> None:
        for stage in self._stages:
            if not stage.processor.stateful:  # stateful ones are assigned when their table has recovered
                await self._or_fail(stage.assign(self._owned(stage.processor)))

    # Running.

    async def _serve(self, stop: asyncio.Event) -> None:
        stopped = asyncio.ensure_future(stop.wait())
        work = [asyncio.ensure_future(self._or_fail(part)) for part in self._parts()]
        either: list[asyncio.Future[Any]] = [stopped, self._failed]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._failed.done():
                await self._drain()
        finally:
            self.progress.running = False
            await self._leave()
            for task in (stopped, *work):
                task.cancel()
            await asyncio.wait([stopped, *work], timeout=STOP_SECONDS)
        if self._failed.done():
            self._failed.result()

    async def _leave(self) -> None:
        """Commit what is done and leave the group. Unfinished records stay uncommitted."""
        self._app.conf.stream_wait_empty = False  # otherwise Faust waits for the unfinished records
        leaving = asyncio.ensure_future(self._app.stop())
        await asyncio.wait([leaving], timeout=STOP_SECONDS)
        if not leaving.done():
            log.warning("The worker did not stop in time.", action="worker.stop_timed_out", service=self._service)

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._references.run(),
            self._start(),
            self._fail_with_faust(),
            self._update_progress(),
            *(self._work(stage) for stage in self._stages),
            *(self._tick(stage) for stage in self._stages if stage.processor.stateful),
            *(self._check_ownership(stage) for stage in self._stages if stage.processor.stateful),
        ]

    async def _start(self) -> None:
        await self._references.caught_up.wait()
        await self._app.start()
        self.progress.start(time.monotonic())
        log.info("The worker is ready.", action="worker.ready", service=self._service)

    async def _work(self, stage: Stage) -> None:
        await self._references.caught_up.wait()
        await stage.run()

    async def _tick(self, stage: Stage) -> None:
        while True:
            await asyncio.sleep(self._settings.tick_seconds)
            if not self._app.rebalancing:
                await stage.tick()

    async def _check_ownership(self, stage: Stage) -> None:
        """Check for records of other workers in our partitions; an idle partition would not notice them."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not self._app.rebalancing:
                with contextlib.suppress(KafkaError):  # the broker is unavailable, so nobody can write
                    await stage.check_ownership()

    async def _fail_with_faust(self) -> None:
        await self._app._crashed.wait()
        raise self._app.crash_reason or RuntimeError("Faust crashed without a reason")

    async def _update_progress(self) -> None:
        """Update health and metrics. A broker that is unavailable doesn't make the worker unhealthy."""
        gauge = self._metrics.gauge("kafka_lag", "Records that wait for this worker", ("topic", "partition"))
        while True:
            if self.progress.running:
                with contextlib.suppress(Exception):
                    owned = list(self.progress.positions)
                    self.progress.update(await self._watch.ends(owned) if owned else {}, time.monotonic())
                gauge.clear()
                for (topic, number), lag in self.progress.lags.items():
                    gauge.labels(topic, number).set(lag)
            await asyncio.sleep(CHECK_SECONDS)

    async def _drain(self) -> None:
        """Stop fetching and finish the current batches; the rest is left to the next worker."""
        log.info("The worker is stopping.", action="worker.stopping", service=self._service)
        self._app.consumer.stop_flow()
        self._app.flow_control.suspend()
        idle = asyncio.ensure_future(self._all_idle())
        timeout = self._settings.drain_seconds - STOP_SECONDS
        await asyncio.wait([self._failed, idle], return_when=asyncio.FIRST_COMPLETED, timeout=timeout)
        idle.cancel()

    async def _all_idle(self) -> None:
        for stage in self._stages:
            await stage.idle()

    async def _or_fail(self, part: Awaitable[None]) -> None:
        try:
            await part
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        log.error("The worker failed.", action="worker.failed", service=self._service, error=repr(error))
        if not self._failed.done():
            self._failed.set_exception(error)

    def _bad_reference(self, record: InboundRecord, processor: AnyProcessor, error: Exception) -> None:
        letter = dead_letter_for(record, error, processor.name, processor.version, self._clock.now())

        async def send() -> None:
            self._limit.add(letter.at, letter.failure)
            await (await self.send(letter.to_record()))

        self._sending = asyncio.ensure_future(self._or_fail(send()))
