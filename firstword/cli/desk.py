"""``firstword desk``: the web app of a stack."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from firstword.cli.kafka_options import need_kafka
from firstword.cli.python_version import warn_of_outdated_python
from firstword.runtimes.kafka.process import run_process
from firstword.system import bind
from services.common.logs import configure_logs
from services.common.settings import read_settings

__all__ = ["desk"]


def desk(
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port to listen on [default: 8080].")] = None,
) -> None:
    """Serve the web app of a stack from its database (FIRSTWORD_DATABASE), until SIGTERM.

    Set FIRSTWORD_SECRET to the same long random text for all desks of a stack, and FIRSTWORD_BASE_URL to the address
    that account managers use.

    **Example:** `firstword desk --host 0.0.0.0`
    """
    warn_of_outdated_python()
    settings = read_settings(host=host, port=port)
    need_kafka()
    configure_logs(level=settings.log_level, form=settings.log_format)
    from firstword.compose import stack

    with bind(settings.host, settings.port) as listening:

        async def run(stop: asyncio.Event) -> None:
            await stack.run_desk(settings, listening, stop)

        run_process(run)
