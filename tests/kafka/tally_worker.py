"""A worker process for tests: ``python -m tests.kafka.tally_worker``; its settings come from the environment.

``TALLY_SLOW_SEEK`` delays recovery by this many seconds at the point where faust-streaming 0.15.3 loses records;
``TALLY_UNFIXED`` leaves out the fix. ``TALLY_STOPS`` stops the flow once while records are fetched, as a rebalance
does; ``TALLY_UNFIXED_SEEK`` leaves out the fix for that. ``TALLY_REFUSES`` is the beginning of the titles to refuse.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from firstword.runtimes.kafka import worker
from firstword.runtimes.kafka.process import run_process
from firstword.runtimes.kafka.settings import read_kafka_settings
from schemas.items import ItemIngested
from services.common.clock import SystemClock
from services.common.errors import KnownBadEvent
from services.common.logs import configure_logs
from services.common.processing import AnyEvent
from tests.unit.firstword.kafka.tallying import Tally, TallyState


def slow_down_seeks(seconds: float) -> None:
    from faust.transport.consumer import Consumer

    original = Consumer.perform_seek

    async def perform_seek(self: Any) -> None:
        await original(self)
        await asyncio.sleep(seconds)

    Consumer.perform_seek = perform_seek  # type: ignore[method-assign]


def stop_the_flow_once() -> None:
    from faust.transport.consumer import Consumer

    original = Consumer._wait_next_records
    stopped: list[bool] = []

    async def wait_next_records(self: Any, timeout: float) -> Any:  # noqa: ASYNC109 - as in Faust
        records, active = await original(self, timeout)
        if not stopped and any(at.topic.endswith("items") for at in records or ()):
            stopped.append(True)
            self.stop_flow()
            asyncio.get_running_loop().call_later(0.5, self.resume_flow)
        return records, active

    Consumer._wait_next_records = wait_next_records  # type: ignore[method-assign]


class Refusing(Tally):
    """Refuses items whose title begins with a given word, as a release with a bug might."""

    def process(self, state: TallyState, event: AnyEvent, now: datetime) -> tuple[TallyState, Sequence[AnyEvent]]:
        refused = os.environ.get("TALLY_REFUSES")
        if refused and isinstance(event.data, ItemIngested) and event.data.item.title.startswith(refused):
            raise KnownBadEvent(f"{event.subject}: refused.")
        return super().process(state, event, now)


def leave_unfixed(app: Any) -> None:
    pass


if __name__ == "__main__":
    configure_logs(form="json")
    slow_down_seeks(float(os.environ.get("TALLY_SLOW_SEEK", "0")))
    if "TALLY_UNFIXED" in os.environ:
        vars(worker)["fix_recovery"] = leave_unfixed
    if "TALLY_UNFIXED_SEEK" in os.environ:
        vars(worker)["fix_seek"] = leave_unfixed
    if "TALLY_STOPS" in os.environ:
        stop_the_flow_once()
    run_process(worker.KafkaWorker("tally", [Refusing()], read_kafka_settings(), SystemClock()).run)
