"""The process that is killed: sends mail and webhooks from a database until none is waiting.

Run as ``python -m tests.e2e.sender DATABASE SMTP_PORT BEGAN``. From BEGAN on (seconds since 1970), its clock runs fifty
times as fast as the machine's, so that retries happen within the test.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from firstword.storage.engine import open_sqlite
from firstword.storage.event_log import EventLog
from services.common.db import reading
from services.common.http import GuardedClient, HttpSettings
from services.common.logs import configure_logs
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.tables import deliveries
from services.notifier.webhooks import worker
from services.notifier.webhooks.tables import webhook_deliveries
from services.notifier.webhooks.worker import WebhookWorker

SPEED = 50


class FastClock:
    """A fast clock that a restart doesn't reset."""

    def __init__(self, began: float) -> None:
        self._began = datetime.fromtimestamp(began, UTC)

    def now(self) -> datetime:
        return self._began + timedelta(seconds=(datetime.now(UTC) - self._began).total_seconds() * SPEED)


async def main(database: Path, smtp_port: int, began: float) -> None:
    configure_logs(level="error")
    engine, clock, log = open_sqlite(database), FastClock(began), EventLog()
    mail = Smtp(SmtpSettings("127.0.0.1", smtp_port, "desk@harbour.example", security="none"), clock)
    http = HttpSettings(
        host_concurrency=100,
        host_interval_seconds=0.0,
        allow_private=("127.0.0.1",),
        cut_bodies=True,
    )
    waiting = [
        select(func.count()).where(table.c.status.in_(("pending", "sending")))
        for table in (deliveries, webhook_deliveries)
    ]
    worker.LOST_AFTER = timedelta(days=365)  # by the fast clock, a request would be given up after two seconds
    stop = asyncio.Event()
    async with GuardedClient(http) as client:
        parts = (DeliveryWorker(engine, log, clock, {"email": mail}), WebhookWorker(engine, log, clock, client))
        running = [asyncio.create_task(part.run(stop)) for part in parts]
        print("started", flush=True)
        while True:
            with reading(engine) as connection:
                if not any(connection.execute(query).scalar_one() for query in waiting):
                    break
            await asyncio.sleep(0.1)
        stop.set()
        await asyncio.gather(*running)
    engine.dispose()
    print("finished", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
