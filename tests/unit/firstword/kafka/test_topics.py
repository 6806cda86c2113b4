"""The plan names every difference, and what can't or shouldn't be done about it."""

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


def test_on_an_empty_broker_everything_is_created() -> None:
    changes = plan({}, WANTED)
    assert [change.create for change in changes] == WANTED
    assert {change.topic for change in changes} >= {f"test.{name}" for name in TOPICS} | {"test.items.dlq"}
    assert str(changes[2]) == "test.items: create, 12 partitions, 1 copies, kept 7 days"


def test_states_are_compacted_and_split_as_their_inputs_are() -> None:
    states = next(spec for spec in WANTED if spec.name == "test.tally.states")
    assert states.partitions == TOPICS["items"].partitions
    assert states.config["cleanup.policy"] == "compact"


def test_nothing_is_to_do_where_all_is_as_it_should_be() -> None:
    assert plan(existing(), WANTED) == []
    assert plan(existing(items=replace(items(), replication=3)), WANTED) == [], "more copies are welcome"


def test_a_setting_is_changed_alone() -> None:
    found = replace(items(), config=dict(items().config) | {"retention.ms": "1"})
    (change,) = plan(existing(items=found), WANTED)
    assert str(change) == "test.items: retention.ms 1 → 604800000"
    assert change.config == {"retention.ms": "604800000"}


def test_partitions_are_never_taken_away() -> None:
    (change,) = plan(existing(items=replace(items(), partitions=24)), WANTED)
    assert change.refused is not None
    assert change.partitions is None


def test_partitions_are_added_with_a_warning_of_what_breaks() -> None:
    (change,) = plan(existing(items=replace(items(), partitions=6)), WANTED)
    assert change.partitions == 12
    assert change.warning is not None
    assert "order and memory of each key break" in change.warning


def test_copies_are_not_moved_by_us() -> None:
    wanted = required_topics(SETTINGS.model_copy(update={"replication": 3}), ())
    changes = plan(existing(), wanted)
    assert all(change.refused and "kafka-reassign-partitions" in change.refused for change in changes)
