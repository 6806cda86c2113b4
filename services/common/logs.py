"""Log records as events: each has an ``action`` (``feed.polled``) and ids, as JSON lines or for reading on a console.

Secrets don't reach the log: fields named like one are masked, and so are credentials inside of texts.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import structlog

__all__ = ["configure_logs", "get_logger", "mask"]

MASK = "***"

_SECRET_FIELD = re.compile(r"(?i)password|passwd|secret|token|authorization|cookie|api_?key|credential|signature")
#: Credentials in an address, bearer and basic tokens, webhook secrets (Standard Webhooks: ``whsec_``), secret-looking
#: parameters of a query.
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


def configure_logs(
    *, level: str = "info", form: Literal["json", "console"] = "console", stream: TextIO | None = None
) -> None:
    """Send every record, ours and the libraries', to ``stream`` (default: standard error) in one form.

    May be called again; the last call holds.
    """
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
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
    for chatty in ("httpx", "httpcore", "hpack", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module. First argument of a record is its action, the rest are named values:
    ``log.info("feed.polled", feed_id=feed.id, new=3)``.
    """
    return structlog.stdlib.get_logger(name)


def mask(value: Any) -> Any:
    """``value`` with the secrets in its texts masked, through lists and mappings."""
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


def _renderers(form: Literal["json", "console"]) -> list[structlog.types.Processor]:
    if form == "json":
        return [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("action"),
            _mask_record,
            structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
        ]
    return [
        structlog.processors.format_exc_info,
        _mask_record,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="time"),
    ]
