"""A worker on Kafka: any processors of the pipeline as Faust agents, at-least-once, their states in Faust tables.

What was measured of faust-streaming 0.15.3 decides the shape. An agent only hands records over and acknowledges none: a
record is acknowledged when its batch has been carried out, so neither an exception nor a cancelled agent commits what
was not done. Whatever is not a known error ends the process, with its offsets uncommitted; the next one goes on there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import tempfile
import time
from collections.abc import Awaitable, Coroutine, Iterable, Sequence
from typing import Any

import faust
from aiokafka.errors import KafkaError
from faust.types import TP

from firstword.runtimes.dead_letter_limit import DeadLetterLimit, window_start
from firstword.runtimes.kafka.changelogs import changelogs
from firstword.runtimes.kafka.dead_letter_records import dead_letter_for
from firstword.runtimes.kafka.dead_letter_topics import times_since
from firstword.runtimes.kafka.fence import Fence, claim_key
from firstword.runtimes.kafka.health import HealthServer, Progress
from firstword.runtimes.kafka.records import InboundRecord, OutboundRecord
from firstword.runtimes.kafka.references import ReferenceReader
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.stage import FetchedRecord, Stage
from firstword.runtimes.kafka.states import States
from firstword.runtimes.kafka.tables import StateTable
from firstword.runtimes.kafka.watch import At, GroupWatch
from schemas.topics import TOPICS
from services.common.clock import Clock
from services.common.errors import BadInput, FirstwordError
from services.common.logs import get_logger
from services.common.metrics import Metrics
from services.common.processing import AnyProcessor

__all__ = ["FAUST", "KafkaWorker", "LostStates", "UntestedFaust", "fix_recovery", "fix_seek"]

log = get_logger(__name__)

#: The one version whose recovery was seen to lose records, and to be fixed by what is below.
FAUST = "0.15.3"
WATCH_SECONDS = 2.0
STOP_SECONDS = 5.0


class UntestedFaust(FirstwordError):
    """Another version of Faust is installed than the one that the fix was made for."""


class LostStates(FirstwordError):
    """States could not be read back from the changelog; going on without them would say everything anew."""


class KafkaWorker:
    """Runs ``processors`` for one service until it is told to stop. All workers of a service must run the same ones."""

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
        """Work until ``stop`` is set; then finish what is in hand, commit, and leave the group.

        Raises:
            MissingTopic: when topics are not there as ``schemas/topics.py`` has them.
            TooManyDeadLetters: when more goes wrong than may.
            Exception: whatever a processor raises that it shouldn't. The process must end then.
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
        wanted = {kept.name: kept.partitions for kept in changelogs(self._processors).values()}
        for processor in self._processors:
            for topic in (*processor.inputs, *processor.references, *processor.outputs):
                wanted[topic] = TOPICS[topic].partitions
            for topic in processor.inputs:
                wanted[TOPICS[topic].dead_letters] = 1
        return wanted

    async def _build(self) -> None:
        settings = self._settings
        app = self._app = new_app(settings, settings.group(self._service))
        fix_recovery(app)
        fix_seek(app)
        inputs = sorted({topic for processor in self._processors for topic in processor.inputs})
        self._limit = DeadLetterLimit(settings.dead_letters_per_hour)
        self._limit.restore(await times_since(settings, inputs, window_start(self._clock.now())))
        self._references = ReferenceReader(settings, self._processors, self._bad_reference)
        kept = changelogs(self._processors)
        for processor in self._processors:
            changelog = kept.get(processor.name)
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
        self._heed_recovery()
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
        admit_what_counts(table, fence)
        stage.states = States(states, changelog, fence, self)

        async def recovered() -> None:
            await self._or_fail(stage.assign(self._owned(stage.processor)))

        table.on_recover(recovered)

    def _heed_recovery(self) -> None:
        """Faust logs a changelog record that it can't take as a warning and goes on without it; we don't."""

        def heed(record: logging.LogRecord) -> bool:
            if (said := record.getMessage()).startswith("Error in recovery"):
                self._fail(
                    LostStates(
                        f"{self._service}: states can't be read back: {said}.", fix="See the log; nothing was done."
                    )
                )
            return True

        logging.getLogger("faust.tables.recovery").addFilter(heed)

    def _add_agent(self, stage: Stage) -> None:
        app = self._app
        names = [self._settings.topic(topic) for topic in stage.processor.inputs]
        topic = raw_topic(app, *names)

        async def consume(stream: Any) -> None:
            async for event in stream.noack().events():
                await stage.put(self._taken(event))

        app.agent(topic, name=f"{self._service}.{stage.processor.name}")(consume)

    def _taken(self, event: Any) -> FetchedRecord:
        message = event.message
        record = InboundRecord(
            topic=self._settings.name(message.topic),
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            payload=message.value,
            timestamp_ms=round((message.timestamp or 0) * 1000),
            headers=_headers(message.headers),
        )
        return FetchedRecord(record, event.ack, lambda: message.tp in self._app.consumer.assignment())

    # What a stage needs of Kafka.

    async def send(self, out: OutboundRecord, partition: int | None = None) -> Awaitable[Any]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        sent: Awaitable[Any] = await self._app.producer.send(
            self._settings.topic(out.topic), out.key, out.payload, partition, None, list(out.headers)
        )
        return sent

    async def ends(self, partitions: Iterable[At]) -> dict[At, int]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        return await self._watch.ends(partitions)

    async def positions(self, partitions: Iterable[At]) -> dict[At, int]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        return await self._watch.positions(partitions)

    async def between(self, at: At, begin: int, end: int) -> Sequence[InboundRecord]:
        """See :class:`firstword.runtimes.kafka.states.Broker`."""
        return await self._watch.between(at, begin, end)

    # Rebalances.

    def _owned(self, processor: AnyProcessor) -> set[int]:
        names = {self._settings.topic(topic) for topic in processor.inputs}
        return {at.partition for at in self._app.consumer.assignment() if at.topic in names}

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        for stage in self._stages:
            await stage.revoke()

    async def _on_rebalanced(self, *_: Any, **__: Any) -> None:
        for stage in self._stages:
            if not stage.processor.stateful:  # the others when their table has recovered
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
        """Commit what is done and leave the group. What is not done was never acknowledged, so it isn't committed."""
        self._app.conf.stream_wait_empty = False  # else Faust waits for just that
        leaving = asyncio.ensure_future(self._app.stop())
        await asyncio.wait([leaving], timeout=STOP_SECONDS)
        if not leaving.done():
            log.warning("The worker did not stop in time.", action="worker.stop_timed_out", service=self._service)

    def _parts(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self._references.run(),
            self._start(),
            self._fall_with_faust(),
            self._look(),
            *(self._work(stage) for stage in self._stages),
            *(self._tick(stage) for stage in self._stages if stage.processor.stateful),
            *(self._guard(stage) for stage in self._stages if stage.processor.stateful),
        ]

    async def _start(self) -> None:
        await self._references.caught_up.wait()
        await self._app.start()
        self.progress.begin(time.monotonic())
        log.info("The worker is ready.", action="worker.ready", service=self._service)

    async def _work(self, stage: Stage) -> None:
        await self._references.caught_up.wait()
        await stage.run()

    async def _tick(self, stage: Stage) -> None:
        while True:
            await asyncio.sleep(self._settings.tick_seconds)
            if not self._app.rebalancing:
                await stage.tick()

    async def _guard(self, stage: Stage) -> None:
        """Look for what others write where only we may; an idle partition would not notice."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if not self._app.rebalancing:
                with contextlib.suppress(KafkaError):  # the broker is away: nobody writes there
                    await stage.look()

    async def _fall_with_faust(self) -> None:
        await self._app._crashed.wait()
        raise self._app.crash_reason or RuntimeError("faust has ended without a reason")

    async def _look(self) -> None:
        """Keep up what health and metrics tell; a broker that is away is back-pressure, not an illness of ours."""
        gauge = self._metrics.gauge("kafka_lag", "Records that wait for this worker", ("topic", "partition"))
        while True:
            if self.progress.running:
                with contextlib.suppress(Exception):
                    owned = list(self.progress.positions)
                    self.progress.look(await self._watch.ends(owned) if owned else {}, time.monotonic())
                gauge.clear()
                for (topic, number), lag in self.progress.lags.items():
                    gauge.labels(topic, number).set(lag)
            await asyncio.sleep(WATCH_SECONDS)

    async def _drain(self) -> None:
        """Fetch no more, finish what is in hand; the rest stays for the next worker."""
        log.info("The worker is stopping.", action="worker.stopping", service=self._service)
        self._app.consumer.stop_flow()
        self._app.flow_control.suspend()
        idle = asyncio.ensure_future(self._all_idle())
        patience = self._settings.drain_seconds - STOP_SECONDS
        await asyncio.wait([self._failed, idle], return_when=asyncio.FIRST_COMPLETED, timeout=patience)
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

        async def put() -> None:
            self._limit.add(letter.at, letter.failure)
            await (await self.send(letter.to_record()))

        self._putting = asyncio.ensure_future(self._or_fail(put()))


def new_app(settings: KafkaSettings, group: str) -> Any:
    """A Faust application with the settings that were measured to be safe; its topics are made by us beforehand.

    Raises:
        BadInput: when the folder for states can't be made.
    """
    return faust.App(
        group,
        broker=[f"aiokafka://{server.strip()}" for server in settings.brokers.split(",")],
        autodiscover=False,
        store=f"{settings.store}://",
        datadir=_data_dir(settings, group),
        web_enabled=False,
        worker_redirect_stdouts=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=settings.heartbeat_seconds,
        broker_commit_interval=settings.commit_interval_seconds,
        broker_request_timeout=90.0,
        producer_linger=settings.linger_ms / 1000,
        producer_request_timeout=settings.request_timeout_seconds,
        producer_acks=-1,
        stream_buffer_maxsize=2 * settings.batch,
        stream_wait_empty=True,
        # In memory, Faust drops a standby's states when a recovery completes: then they would only cost.
        table_standby_replicas=1 if settings.store == "rocksdb" else 0,
    )


def admit_what_counts(table: Any, fence: Fence) -> None:
    """Keep what superseded workers have written from a table that is read back from its changelog."""
    original = table.apply_changelog_batch

    def apply_changelog_batch(batch: Iterable[Any]) -> None:
        original([event for event in batch if _counts(fence, event.message)])

    table.apply_changelog_batch = apply_changelog_batch


def _counts(fence: Fence, message: Any) -> bool:
    return fence.note(message.partition, message.offset, (message.key or b"").decode(), _headers(message.headers))


def raw_topic(app: Any, *names: str, **options: Any) -> Any:
    """Topics whose keys and values are handed over as the bytes that they are."""
    return app.topic(*names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", **options)


def _data_dir(settings: KafkaSettings, group: str) -> str:
    if settings.store == "memory":  # Faust makes its folders all the same
        return tempfile.mkdtemp(prefix="firstword-")
    folder = settings.state_dir / group
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"{folder}: the folder for states can't be made: {error.strerror}.",
            fix="Name another with FIRSTWORD_KAFKA_STATE_DIR.",
        ) from error
    return str(folder)


def fix_recovery(app: Any) -> None:
    """Stop the flow before a recovery completes.

    ``Recovery.on_recovery_completed`` of faust-streaming 0.15.3 resumes the flow, which clears queues that the fetcher
    may have filled meanwhile: those records were lost for good (4 of 38 restarts).

    Raises:
        UntestedFaust: with any other version; whether it needs this fix, and takes it, must be tested first.
    """
    if faust.__version__ != FAUST:
        raise UntestedFaust(
            f"faust-streaming {faust.__version__} is installed, and only {FAUST} is known not to lose records.",
            fix="Install the versions of requirements-stack.txt.",
        )
    recovery = app.tables.recovery
    original = recovery.on_recovery_completed

    async def on_recovery_completed(generation_id: int = 0) -> None:
        app.flow_control.suspend()
        app.consumer.stop_flow()
        await app.consumer.wait_for_stopped_flow()
        await original(generation_id)

    recovery.on_recovery_completed = on_recovery_completed


def fix_seek(app: Any) -> None:
    """Go back to the first record of a partition of which nothing was ever committed.

    What was fetched while the flow is stopped is dropped by Faust, which then seeks to what was committed; but aiokafka
    leaves a partition without a commit (or with 0) where it is, beyond what was dropped. So the first records on new
    topics were lost for good when a worker came or went at that moment (7 stories of 1,000, in one of four runs of
    ``tests/kafka/test_faults.py``). Changelogs are never committed, and recovery knows where it is.
    """
    create = app.transport.create_consumer

    def create_consumer(*args: Any, **options: Any) -> Any:
        consumer = create(*args, **options)
        original = consumer.seek_to_committed

        async def seek_to_committed() -> Any:
            committed = await original()
            never = [
                at for at, offset in committed.items() if not offset and at.topic not in app.tables.changelog_topics
            ]
            if never:
                for at, first in (await consumer.earliest_offsets(*never)).items():
                    await consumer._seek(at, first)
            return committed

        consumer.seek_to_committed = seek_to_committed
        return consumer

    app.transport.create_consumer = create_consumer


def _headers(raw: Any) -> tuple[tuple[str, bytes], ...]:
    pairs: Iterable[tuple[str, Any]] = raw.items() if hasattr(raw, "items") else raw or ()
    return tuple((name, bytes(value)) for name, value in pairs)
