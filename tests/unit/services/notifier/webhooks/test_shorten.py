"""A webhook's body stays below its limit, names what it leaves out, and matches its schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import AlertRaised, Evidence, Reason
from schemas.base import event
from schemas.webhooks import BODY_LIMIT, AlertData, Webhook
from services.common.processing import AnyEvent
from services.notifier.webhooks.payloads import message_for
from tests.desk_data import NOW, seed_events

AT = datetime(2026, 3, 5, 9, tzinfo=UTC)


@cache
def an_alert() -> AlertRaised:
    return next(
        entry.data for entry in seed_events() if isinstance(entry.data, AlertRaised) and entry.data.alert.evidence
    )


def with_evidence(texts: list[str], url: str = "https://news.example/a") -> AnyEvent:
    alert = an_alert().alert
    first = alert.evidence[0]
    evidence = tuple(
        Evidence.model_validate({**first.model_dump(), "item_id": f"itm_{n}", "title": text, "quote": text, "url": url})
        for n, text in enumerate(texts)
    )
    reasons = tuple(Reason(rule="r", saw=text, concluded=text, text=text) for text in texts)
    told = alert.model_copy(update={"evidence": evidence, "reasons": reasons, "headline": texts[0]})
    return event(AlertRaised(alert=told), key=alert.client_id, id="evt_1", source="test", time=AT)


LONG = st.builds(str.__mul__, st.text(min_size=1, max_size=8), st.integers(1, 800))


@settings(max_examples=25)
@given(
    texts=st.lists(LONG, min_size=1, max_size=25),
    url=st.integers(1, 9_000).map(lambda n: f"https://a.example/{'ü' * n}"),
)
def test_the_webhook_of_any_alert_fits(texts: list[str], url: str) -> None:
    told = message_for(with_evidence(texts, url))
    assert told is not None
    assert len(told.body.encode()) < BODY_LIMIT
    read = Webhook[AlertData].model_validate_json(told.body)
    assert read.data.alert.evidence
    assert told == message_for(with_evidence(texts, url)), "the same event, the same bytes"


def test_omissions_are_named_and_small_messages_are_complete() -> None:
    small = message_for(with_evidence(["Halden cuts its dividend"]))
    large = message_for(with_evidence(["Halden cuts its dividend " * 40] * 30))
    assert small is not None
    assert large is not None
    assert json.loads(small.body)["data"]["shortened"] == []
    assert "evidence" in json.loads(large.body)["data"]["shortened"]
    assert json.loads(large.body)["data"]["alert"]["evidence"][0]["item_id"] == "itm_0", "the first evidence stays"


@pytest.mark.parametrize("one", list(seed_events()), ids=lambda one: f"{one.type}-{one.id[-4:]}")
def test_ordinary_events_fit_unshortened(one: AnyEvent) -> None:
    told = message_for(one)
    if told is not None:
        assert told.at <= NOW
        assert len(told.body.encode()) < BODY_LIMIT
