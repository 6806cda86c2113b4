from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from services.common.metrics import Metrics


def test_two_registries_are_independent() -> None:
    one, other = Metrics(), Metrics(CollectorRegistry())
    one.counter("polls", "Polls of feeds", ["outcome"]).labels("ok").inc()
    one.counter("polls", "Polls of feeds", ["outcome"]).labels("ok").inc()
    one.gauge("feeds", "Feeds that are watched").set(3)
    one.histogram("poll_seconds", "How long a poll took").observe(0.2)
    rendered = one.render().decode()
    assert 'firstword_polls_total{outcome="ok"} 2.0' in rendered
    assert "firstword_feeds 3.0" in rendered
    assert "firstword_poll_seconds_count 1.0" in rendered
    assert other.render() == b""


def test_a_name_has_one_kind() -> None:
    metrics = Metrics()
    metrics.counter("polls", "Polls")
    with pytest.raises(ValueError, match="is a Counter already"):
        metrics.gauge("polls", "Polls")
