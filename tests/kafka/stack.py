"""The stack's processes, started from the command line, and what the desk shows of their database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine, select

from services.common.db import reading
from services.notifier.tables import alerts, drafts, interactions, outcomes
from tests.kafka.lab import TIMEOUT_SECONDS, Lab

__all__ = ["Stack", "inbox"]

FIRSTWORD = [sys.executable, "-c", "from firstword.cli.main import main; main()"]


class Stack:
    """Runs commands and services with the stack's environment."""

    #: Short where processes are killed, so that others take over soon; else long, for busy machines.
    session_seconds = 60

    def __init__(self, lab: Lab, url: str, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._environment = {
            **os.environ,
            "FIRSTWORD_KAFKA": lab.settings.brokers,
            "FIRSTWORD_KAFKA_PREFIX": lab.settings.prefix,
            "FIRSTWORD_KAFKA_SESSION_TIMEOUT_SECONDS": str(self.session_seconds),
            "FIRSTWORD_KAFKA_HEARTBEAT_SECONDS": "1",
            "FIRSTWORD_DATABASE": url,
            "FIRSTWORD_DATA": str(folder / "data"),
            "FIRSTWORD_LOG_FORMAT": "json",
        }

    def call(self, *arguments: str) -> str:
        done = subprocess.run(
            [*FIRSTWORD, *arguments], env=self._environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}\n{self.logs()}"
        return done.stdout

    def refused(self, *arguments: str) -> str:
        done = subprocess.run(
            [*FIRSTWORD, *arguments], env=self._environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
        assert done.returncode == 3, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stderr

    def start(self, name: str, *arguments: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [*FIRSTWORD, *arguments], env=self._environment, stdout=log, stderr=log
            )

    def stop(self, name: str) -> int:
        self._running[name].send_signal(signal.SIGTERM)
        return self._running.pop(name).wait(TIMEOUT_SECONDS)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in self._folder.glob("*.log"))

    def close(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()


def inbox(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Return what the desk shows, without times."""
    with reading(engine) as connection:
        return {
            "drafts": sorted(
                tuple(row)
                for row in connection.execute(
                    select(drafts.c.id, drafts.c.client_id, drafts.c.verdict, drafts.c.state, drafts.c.subject)
                )
            ),
            "alerts": sorted(
                tuple(row)
                for row in connection.execute(
                    select(alerts.c.id, alerts.c.client_id, alerts.c.verdict, alerts.c.is_current, alerts.c.headline)
                )
            ),
            "contacts": sorted(
                tuple(row) for row in connection.execute(select(interactions.c.id, interactions.c.summary))
            ),
            "outcomes": sorted(
                (row.domain, row.story_id, row.entity_id, row.payload["outcome"])
                for row in connection.execute(select(outcomes))
            ),
        }
