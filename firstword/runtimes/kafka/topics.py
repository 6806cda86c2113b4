"""Which topics there must be and how they differ from those that are. Nothing here reaches outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from firstword.runtimes.kafka.changelogs import Changelog
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.topics import TOPICS

__all__ = ["TopicChange", "TopicSpec", "plan", "required_topics"]

DAY_MS = 86_400_000
#: Letters wait for a person, who may be on holiday.
DEAD_LETTER_RETENTION_MS = 30 * DAY_MS
#: A changelog is read from its beginning at a start, so it is compacted early: a tenth of it superseded is enough, and
#: a segment is closed (only closed ones are compacted) after ten minutes or 16 MB. Nothing younger than five minutes is
#: compacted: so long the one who holds a partition has for writing anew what a superseded worker wrote over (fence.py).
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
    """One topic as it must be, or is. ``config`` holds only the settings that we care about."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str] = field(default_factory=dict)
    keyed: bool = True


@dataclass(frozen=True, slots=True)
class TopicChange:
    """One difference. ``refused`` says why it can't be made; ``warning`` what it breaks."""

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
    """Every topic of the registry with its dead letters, and the changelogs, under their names on the broker."""
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
    """The differences between what is and what must be, in the order of ``wanted``; empty when there are none."""
    changes: list[TopicChange] = []
    for spec in wanted:
        found = existing.get(spec.name)
        if found is None:
            about = f"create, {spec.partitions} partitions, {spec.replication} copies, {_spoken(spec.config)}"
            changes.append(TopicChange(spec.name, about, create=spec))
            continue
        if found.partitions != spec.partitions:
            changes.append(_partitions(found, spec))
        if found.replication < spec.replication:
            changes.append(
                TopicChange(
                    spec.name,
                    f"{found.replication} copies, and should have {spec.replication}",
                    refused="Copies of an existing topic are moved with kafka-reassign-partitions.",
                )
            )
        if differing := {name: value for name, value in spec.config.items() if found.config.get(name) != value}:
            told = ", ".join(f"{name} {found.config.get(name, 'unset')} → {new}" for name, new in differing.items())
            changes.append(TopicChange(spec.name, told, config=differing))
    return changes


def _partitions(found: TopicSpec, spec: TopicSpec) -> TopicChange:
    what = f"{found.partitions} partitions, and should have {spec.partitions}"
    if found.partitions > spec.partitions:
        return TopicChange(
            spec.name,
            what,
            refused="Kafka can't take partitions away. Workers stop at it, for topics that are read together must have "
            "as many; delete the topic once it is worked off, or keep the number in schemas/topics.py.",
        )
    warning = (
        "Keys move to other partitions: their states and what was sent before stay where they were, so order and "
        "memory of each key break. Stop the workers and let them work everything off first; states begin anew."
    )
    return TopicChange(spec.name, what, partitions=spec.partitions, warning=warning if spec.keyed else None)


def _kept_for(retention_ms: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}


def _spoken(config: Mapping[str, str]) -> str:
    if config["cleanup.policy"] == "compact":
        return "compacted"
    return f"kept {int(config['retention.ms']) // DAY_MS} days"
