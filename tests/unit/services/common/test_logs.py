from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services.common.logs import configure_logs, get_logger, mask


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_record_carries_its_action_and_ids(stream: io.StringIO) -> None:
    configure_logs(form="json", stream=stream)
    with structlog.contextvars.bound_contextvars(feed_id="feed_1"):
        get_logger("services.ingest").info("feed.polled", new=3)
    record = json.loads(stream.getvalue())
    assert (record["action"], record["feed_id"], record["new"], record["level"]) == ("feed.polled", "feed_1", 3, "info")
    assert record["time"].endswith("Z")
    assert record["logger"] == "services.ingest"


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_secret_is_written(stream: io.StringIO, form: str) -> None:
    configure_logs(form="json" if form == "json" else "console", stream=stream)
    log = get_logger("x")
    log.info(
        "sent", smtp_password="hush", headers={"Authorization": "hush"}, url="https://u:hush@news.example/?token=hush"
    )
    log.warning("webhook", note="whsec_hush", tried=["Bearer hush-hush-hush"], raw=b"hush")
    logging.getLogger("library").warning("GET https://u:hush@news.example/?api_key=%s", "hush")
    try:
        raise ValueError("https://u:hush@news.example/")
    except ValueError:
        log.exception("failed")
    written = stream.getvalue()
    assert written.count("news.example") >= 3
    assert "hush" not in written
    assert "token=***" in written


def test_records_below_the_level_and_chatty_libraries_are_kept_out(stream: io.StringIO) -> None:
    configure_logs(level="info", form="json", stream=stream)
    get_logger("x").debug("detail")
    logging.getLogger("httpcore").info("connect_tcp.started")
    assert stream.getvalue() == ""


def test_what_is_no_secret_stays() -> None:
    assert mask({"tokens": None, "count": 3, "text": "a key figure: 3%"}) == {
        "tokens": None,
        "count": 3,
        "text": "a key figure: 3%",
    }
