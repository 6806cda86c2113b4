"""A process that sends messages to account managers; the test runs two of them on one database.

Run as ``python -m tests.e2e.manager_mailer DATABASE_URL SMTP_PORT NOW``. Its clock stays at NOW (ISO 8601). It runs
until SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import datetime

from firstword.storage.engine import open_database
from services.common.clock import ManualClock
from services.common.logs import configure_logs
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from services.notifier.delivery.routes import ManagerRoutes, manager_mail
from services.notifier.digest.manager_mailer import ManagerMailer, MessageSource
from services.notifier.digest.schedule import DigestSource
from services.notifier.digest.urgent import UrgentSource


async def main(url: str, smtp_port: int, now: datetime) -> None:
    configure_logs(level="error")
    engine, clock = open_database(url), ManualClock(now)
    mail = Smtp(SmtpSettings("127.0.0.1", smtp_port, "desk@harbour.example", security="none"), clock)
    routes: ManagerRoutes = {"email": manager_mail}
    sources: list[MessageSource] = [
        DigestSource(routes, "https://desk.example"),
        UrgentSource(routes, "https://desk.example"),
    ]
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print("started", flush=True)
    await ManagerMailer(engine, clock, {"email": mail}, sources, poll_seconds=0.2).run(stop)
    engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])))
