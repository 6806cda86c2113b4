"""The plan lists every difference, with what can't be applied and what would break."""

from __future__ import annotations

from dataclasses import replace

from firstword.runtimes.kafka.changelogs import changelogs
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.topics import TopicSpec, plan, required_topics
from schemas.topics import TOPICS
from tests.unit.firstword.kafka.tallying import Tally

SETTINGS = KafkaSettings(brokers="nowhere:9092", prefix="test.")
WANTED = required_topics(SETTINGS, changelogs([Tally()]).values())


def existing(**changed: TopicSpec) -> dict[str, TopicSpec]:
    return {spec.name: spec for spec in WANTED} | {f"test.{name}": spec for name, spec in changed.items()}


def items() -> TopicSpec:
    return next(spec for spec in WANTED if spec.name == "test.items")


def test_all_topics_are_created_on_an_empty_broker() -> None:
    changes = plan({}, WANTED)
    assert [change.create for change in changes] == WANTED
    assert {change.topic for change in changes} >= {f"test.{name}" for name in TOPICS} | {"test.items.dlq"}
    assert str(changes[2]) == "test.items: create, 12 partitions, 1 copies, kept 7 days"


def test_changelogs_are_compacted_and_have_as_many_partitions_as_the_inputs() -> None:
    states = next(spec for spec in WANTED if spec.name == "test.tally.states")
    assert states.partitions == TOPICS["items"].partitions
    assert states.config["cleanup.policy"] == "compact"


def test_topics_as_required_need_no_change() -> None:
    assert plan(existing(), WANTED) == []
    assert plan(existing(items=replace(items(), replication=3)), WANTED) == [], "more copies are fine"


def test_a_different_setting_is_changed_alone() -> None:
    found = replace(items(), config=dict(items().config) | {"retention.ms": "1"})
    (change,) = plan(existing(items=found), WANTED)
    assert str(change) == "test.items: retention.ms 1 → 604800000"
    assert change.config == {"retention.ms": "604800000"}


def test_partitions_are_never_removed() -> None:
    (change,) = plan(existing(items=replace(items(), partitions=24)), WANTED)
    assert change.refused is not None
    assert change.partitions is None


def test_adding_partitions_comes_with_a_warning() -> None:
    (change,) = plan(existing(items=replace(items(), partitions=6)), WANTED)
    assert change.partitions == 12
    assert change.warning is not None
    assert "each key loses its order and state" in change.warning


def test_a_change_of_copies_is_refused() -> None:
    wanted = required_topics(SETTINGS.model_copy(update={"replication": 3}), ())
    changes = plan(existing(), wanted)
    assert all(change.refused and "kafka-reassign-partitions" in change.refused for change in changes)
