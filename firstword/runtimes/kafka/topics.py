"""The required topics, and their differences from the existing ones. This module is pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from firstword.runtimes.kafka.changelogs import Changelog
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS

__all__ = ["TopicChange", "TopicSpec", "plan", "required_topics"]

DAY_MS = 86_400_000
#: Dead letters wait for a person, who may be on vacation.
DEAD_LETTER_RETENTION_MS = 30 * DAY_MS
#: Workers read changelogs from the beginning at each start, so these are compacted early: when a tenth is superseded,
#: and with segments closed (only closed ones are compacted) after ten minutes or 16 MB. Records younger than five
#: minutes are not compacted: a partition's owner has this time to rewrite keys that a superseded worker overwrote
#: (fence.py).
EAGER_COMPACTION = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "segment.ms": "600000",
    "min.compaction.lag.ms": "300000",
    "segment.bytes": str(16 * 1024 * 1024),
    "delete.retention.ms": str(DAY_MS),
}


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A required or existing topic. ``config`` holds only the settings that matter here."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str] = field(default_factory=dict)
    keyed: bool = True


@dataclass(frozen=True, slots=True)
class TopicChange:
    """A difference between a required and an existing topic.

    ``refused`` is the reason why it can't be applied, ``warning`` says what it breaks.
    """

    topic: str
    what: str
    create: TopicSpec | None = None
    config: Mapping[str, str] = field(default_factory=dict)
    partitions: int | None = None
    warning: str | None = None
    refused: str | None = None

    def __str__(self) -> str:
        return f"{self.topic}: {self.what}"


def required_topics(settings: KafkaSettings, kept: Iterable[Changelog]) -> list[TopicSpec]:
    """Return the spec of every topic, its dead-letter topic, and every changelog, under their names on the broker."""
    specs = []
    for topic in TOPICS.values():
        retention = topic.retention_seconds
        config = dict(EAGER_COMPACTION) if retention is None else _kept_for(retention * 1000)
        specs.append(TopicSpec(settings.topic(topic.name), topic.partitions, settings.replication, config))
        specs.append(
            TopicSpec(
                settings.topic(topic.dead_letters), 1, settings.replication, _kept_for(DEAD_LETTER_RETENTION_MS), False
            )
        )
    for changelog in kept:
        specs.append(
            TopicSpec(
                settings.topic(changelog.name), changelog.partitions, settings.replication, dict(EAGER_COMPACTION)
            )
        )
    return specs


def plan(existing: Mapping[str, TopicSpec], wanted: Iterable[TopicSpec]) -> list[TopicChange]:
    """Return the changes from the ``existing`` topics to the ``wanted`` ones, in the order of ``wanted``."""
    changes: list[TopicChange] = []
    for spec in wanted:
        current = existing.get(spec.name)
        if current is None:
            what = f"create, {spec.partitions} partitions, {spec.replication} copies, {_retention(spec.config)}"
            changes.append(TopicChange(spec.name, what, create=spec))
            continue
        if current.partitions != spec.partitions:
            changes.append(_partitions(current, spec))
        if current.replication < spec.replication:
            changes.append(
                TopicChange(
                    spec.name,
                    f"has {current.replication} copies, should have {spec.replication}",
                    refused="Use kafka-reassign-partitions to change the copies of an existing topic.",
                )
            )
        if differing := {name: value for name, value in spec.config.items() if current.config.get(name) != value}:
            what = ", ".join(f"{name} {current.config.get(name, 'unset')} → {new}" for name, new in differing.items())
            changes.append(TopicChange(spec.name, what, config=differing))
    return changes


def _partitions(current: TopicSpec, spec: TopicSpec) -> TopicChange:
    what = f"has {current.partitions} partitions, should have {spec.partitions}"
    if current.partitions > spec.partitions:
        return TopicChange(
            spec.name,
            what,
            refused="Kafka can't remove partitions, and workers don't start with a different number. Delete the topic "
            "once all its records are processed, or keep the number in schemas/topics.py.",
        )
    warning = (
        "Keys move to other partitions, but their states and earlier records don't, so each key loses its order and "
        "state. Let the workers process everything and stop them first; states start empty."
    )
    return TopicChange(spec.name, what, partitions=spec.partitions, warning=warning if spec.keyed else None)


def _kept_for(retention_ms: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}


def _retention(config: Mapping[str, str]) -> str:
    if config["cleanup.policy"] == "compact":
        return "compacted"
    return f"kept {int(config['retention.ms']) // DAY_MS} days"
