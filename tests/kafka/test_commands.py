"""``firstword topics``, ``dlq`` and ``lag`` against a real Kafka."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import typer
from kafka.admin import KafkaAdminClient
from typer.testing import CliRunner, Result

from firstword.cli import dlq, topics
from firstword.cli.lag import lag
from firstword.runtimes.kafka.admin import open_admin
from firstword.runtimes.kafka.records import outbound_record
from services.common.errors import BadInput, Unreachable
from tests.kafka.lab import FUTURE, Lab, expected_outputs, items, wait_until
from tests.unit.firstword.counting import item_event

LAG = typer.Typer()
LAG.command()(lag)

pytestmark = pytest.mark.kafka


def invoke(lab: Lab, app: typer.Typer, *arguments: str) -> Result:
    options = ("--brokers", lab.settings.brokers, "--prefix", lab.settings.prefix)
    return CliRunner().invoke(app, [*arguments, *options])


def delete(lab: Lab, client: KafkaAdminClient, topic: str) -> None:
    """Delete a topic and wait until it is gone; the broker answers earlier."""
    name = lab.settings.topic(topic)
    client.delete_topics([name])
    wait_until(lambda: name not in client.list_topics(), f"{name} to be gone")


def listed(lab: Lab) -> list[dict[str, object]]:
    result = invoke(lab, dlq.app, "list", "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_topics_are_planned_applied_and_checked(lab: Lab) -> None:
    with open_admin(lab.settings) as client:
        delete(lab, client, "feeds")
        client.create_partitions({lab.settings.topic("clients.dlq"): 2})
    planned = invoke(lab, topics.app, "plan")
    assert "feeds: create" in planned.output
    assert isinstance(invoke(lab, topics.app, "check").exception, topics.TopicsDiffer)
    applied = invoke(lab, topics.app, "apply")
    assert "Kafka can't remove partitions" in " ".join(applied.output.split())
    assert isinstance(applied.exception, topics.TopicsDiffer)
    with open_admin(lab.settings) as client:
        assert lab.settings.topic("feeds") in client.list_topics()
        delete(lab, client, "clients.dlq")
    assert invoke(lab, topics.app, "apply").exit_code == 0
    assert invoke(lab, topics.app, "check").exit_code == 0


def test_dead_letters_are_listed_shown_replayed_and_dropped(lab: Lab) -> None:
    lab.worker().ready()
    lab.send(map(outbound_record, [item_event(7, FUTURE, "bad"), item_event(8, FUTURE, "bad"), *items(5, 5)]))
    lab.wait_for_outputs(expected_outputs(items(5, 5)))
    wait_until(lambda: len(listed(lab)) == 2, "two letters")
    by_key = {letter["key"]: str(letter["id"]) for letter in listed(lab)}
    first, second = by_key["itm_7"], by_key["itm_8"]
    shown = json.loads(invoke(lab, dlq.app, "show", first).stdout)
    assert shown["reason"] == "itm_7: a title that can't be worked with."
    assert json.loads(shown["payload"])["subject"] == "itm_7"
    assert invoke(lab, dlq.app, "drop", second).exit_code == 0
    assert [letter["id"] for letter in listed(lab)] == [first]
    assert invoke(lab, dlq.app, "replay", "--all").exit_code == 0
    wait_until(lambda: [letter["attempt"] for letter in listed(lab)] == [2], "the second attempt")
    assert isinstance(invoke(lab, dlq.app, "drop", first).exception, BadInput)


def test_dead_letters_replayed_after_the_fix_are_processed(lab: Lab) -> None:
    unfixed = lab.worker(TALLY_REFUSES="fresh").ready()
    fresh = [item_event(3, FUTURE + timedelta(minutes=number), f"fresh {number}") for number in range(4)]
    lab.send_events(fresh)
    wait_until(lambda: len(listed(lab)) == 4, "four letters")
    assert unfixed.terminate() == 0
    assert invoke(lab, dlq.app, "replay", "--all").exit_code == 0
    assert listed(lab) == []
    lab.worker().ready()
    lab.wait_for_outputs(expected_outputs(fresh))
    assert lab.counts() == {"itm_3": 4}


def test_lag_is_shown_by_service_topic_and_partition(lab: Lab) -> None:
    assert "No service has used this Kafka cluster yet" in invoke(lab, LAG).output
    worker = lab.worker().ready()
    lab.send_events(items(50, 5))
    lab.wait_for_outputs(expected_outputs(items(50, 5)))
    assert worker.terminate() == 0
    assert "Nothing is waiting" in invoke(lab, LAG).output
    lab.send_events(items(60, 5)[50:])
    rows = json.loads(invoke(lab, LAG, "--json").stdout)
    assert sum(row["waiting"] for row in rows) == 10
    assert {(row["group"], row["topic"]) for row in rows} == {("firstword-tally", "items")}


def test_an_unreachable_kafka_is_reported(lab: Lab) -> None:
    result = CliRunner().invoke(topics.app, ["plan", "--brokers", "127.0.0.1:1"])
    assert isinstance(result.exception, Unreachable)
    assert "Kafka at 127.0.0.1:1 can't be reached" in str(result.exception)
