"""Structured log records: a constant message, an ``action`` (``feed.polled``) and values, as JSON or for a console.

Secrets never reach the log: fields with a name like ``password`` are masked, and so are credentials inside texts.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, Protocol, TextIO, cast

import structlog

__all__ = ["LIBRARY_ACTION", "Log", "configure_logs", "get_logger", "mask"]

MASK = "***"
#: The action of records that libraries write.
LIBRARY_ACTION = "library.log"

_SECRET_FIELD = re.compile(r"(?i)password|passwd|secret|token|authorization|cookie|api_?key|credential|signature")
#: Credentials in a URL, bearer and basic tokens, webhook secrets (Standard Webhooks: ``whsec_``), query parameters with
#: a name like ``token``.
_SECRET_IN_TEXT = (
    (re.compile(r"(?P<keep>\w+://)[^\s/@]+@"), rf"\g<keep>{MASK}@"),
    (re.compile(r"(?i)(?P<keep>\b(?:bearer|basic)\s+)[\w.~+/=-]{6,}"), rf"\g<keep>{MASK}"),
    (re.compile(r"(?P<keep>whsec_)[\w+/=-]+"), rf"\g<keep>{MASK}"),
    (
        re.compile(r"(?i)(?P<keep>[?&](?:[\w-]*(?:token|secret|passw|key|auth|sig)[\w-]*)=)[^&\s\"']+"),
        rf"\g<keep>{MASK}",
    ),
)

Record = MutableMapping[str, Any]


class Log(Protocol):
    """Writes records. ``action`` names the event for programs (``delivery.attempted``); ``message`` is for people and
    never has values in it. Values go into fields: ``log.info("Feed polled.", action="feed.polled", feed_id=feed.id)``.
    """

    def debug(self, message: str, *, action: str, **values: Any) -> None:
        """Record something of interest only when looking for a fault."""
        ...

    def info(self, message: str, *, action: str, **values: Any) -> None:
        """Record normal work."""
        ...

    def warning(self, message: str, *, action: str, **values: Any) -> None:
        """Record a problem that Firstword handles by itself, such as a retry."""
        ...

    def error(self, message: str, *, action: str, **values: Any) -> None:
        """Record a problem that somebody has to look at."""
        ...

    def exception(self, message: str, *, action: str, **values: Any) -> None:
        """Record an error with the traceback of the exception being handled."""
        ...


def get_logger(name: str) -> Log:
    """Return the logger of a module: ``log = get_logger(__name__)``."""
    return cast(Log, structlog.stdlib.get_logger(name))


def configure_logs(
    *, level: str = "info", form: Literal["json", "console"] = "console", stream: TextIO | None = None
) -> None:
    """Write all records, ours and those of libraries, to ``stream`` (default: standard error) in one form.

    Each call replaces the configuration of the one before.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(form)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in ("httpx", "httpcore", "hpack", "asyncio"):  # they log every request
        logging.getLogger(library).setLevel(max(logging.WARNING, root.level))


def mask(value: Any) -> Any:
    """Return ``value`` with the secrets in its texts masked, inside lists and mappings too."""
    if isinstance(value, str):
        for pattern, replacement in _SECRET_IN_TEXT:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {key: MASK if _is_secret(key, item) else mask(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask(item) for item in value]
    return value


def _is_secret(name: object, value: object) -> bool:
    return value is not None and _SECRET_FIELD.search(str(name)) is not None


def _mask_record(_: Any, __: str, record: Record) -> Record:
    for name, value in list(record.items()):
        record[name] = MASK if _is_secret(name, value) else mask(value)
    return record


def _json_fields(_: Any, __: str, record: Record) -> Record:
    """Put the fields that every record has first, with the message under ``message``."""
    return {
        "timestamp": record.pop("timestamp"),
        "level": record.pop("level"),
        "action": record.pop("action", LIBRARY_ACTION),
        "message": record.pop("event"),
        "logger": record.pop("logger"),
        **record,
    }


def _renderers(form: Literal["json", "console"]) -> list[structlog.types.Processor]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            _json_fields,
            _mask_record,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ]
    return [
        structlog.processors.format_exc_info,
        _mask_record,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="timestamp"),
    ]
