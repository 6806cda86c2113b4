from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from services.common.logs import LIBRARY_ACTION, configure_logs, get_logger, mask


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_record_has_action_message_level_time_logger_and_ids(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    with structlog.contextvars.bound_contextvars(feed_id="feed_1"):
        get_logger("services.ingest").info("A feed was polled.", action="feed.polled", new=3)
    (record,) = records(stream)
    moment = datetime.fromisoformat(record.pop("timestamp"))
    assert moment.utcoffset() == timedelta(0)
    assert record == {
        "level": "info",
        "action": "feed.polled",
        "message": "A feed was polled.",
        "logger": "services.ingest",
        "feed_id": "feed_1",
        "new": 3,
    }


def test_a_record_of_a_library_has_the_same_fields(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    logging.getLogger("aiokafka").warning("Connection to %s lost", "node 1")
    (record,) = records(stream)
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "level": "warning",
        "action": LIBRARY_ACTION,
        "message": "Connection to node 1 lost",
        "logger": "aiokafka",
    }


def test_an_exception_is_one_json_record_with_its_traceback(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    try:
        raise ValueError("no such feed")
    except ValueError:
        get_logger("x").exception("Polling a feed failed.", action="feed.poll_failed", feed_id="feed_1")
    (record,) = records(stream)
    assert (record["level"], record["action"], record["feed_id"]) == ("error", "feed.poll_failed", "feed_1")
    assert "Traceback" in record["exception"]
    assert "ValueError: no such feed" in record["exception"]


def test_the_console_shows_message_action_and_values(stream: io.StringIO) -> None:
    configure_logs(form="console", stream=stream)
    get_logger("x").info("A feed was polled.", action="feed.polled", feed_id="feed_1")
    for part in ("A feed was polled.", "feed.polled", "feed_1", "Z"):
        assert part in stream.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_written(stream: io.StringIO, form: str) -> None:
    configure_logs(form="json" if form == "json" else "console", stream=stream)
    log = get_logger("x")
    log.info(
        "Sent.",
        action="mail.sent",
        smtp_password="hush",
        headers={"Authorization": "hush"},
        url="https://u:hush@news.example/?token=hush",
    )
    log.warning("Sent.", action="webhook.sent", note="whsec_hush", tried=["Bearer hush-hush-hush"], raw=b"hush")
    logging.getLogger("library").warning("GET https://u:hush@news.example/?api_key=%s", "hush")
    try:
        raise ValueError("https://u:hush@news.example/")
    except ValueError:
        log.exception("Failed.", action="mail.failed")
    written = stream.getvalue()
    assert written.count("news.example") >= 3
    assert "hush" not in written
    assert "token=***" in written


def test_records_below_the_level_and_requests_of_http_libraries_are_left_out(stream: io.StringIO) -> None:
    configure_logs(level="info", form="json", stream=stream)
    get_logger("x").debug("Detail.", action="x.detail")
    logging.getLogger("httpcore").info("connect_tcp.started")
    assert stream.getvalue() == ""


def test_values_that_are_not_secret_are_not_masked() -> None:
    assert mask({"tokens": None, "count": 3, "text": "a key figure: 3%"}) == {
        "tokens": None,
        "count": 3,
        "text": "a key figure: 3%",
    }
