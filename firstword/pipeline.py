"""The topology, declared once: the processors and the order in which events pass through them.

Every runtime (in memory, embedded, Kafka) uses it. This module is pure: no I/O.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from schemas.topics import TOPICS
from services.common.processing import AnyProcessor

__all__ = ["Pipeline", "UnsoundTopology"]


class UnsoundTopology(ValueError):
    """The processors don't fit together; the message names them and the reason."""


@dataclass(frozen=True)
class Pipeline:
    """Processors, each placed after those whose output it reads.

    Raises:
        UnsoundTopology: a topic isn't registered, two processors share a name, a reference topic isn't compacted, a
            processor reads what only a later one writes, or the inputs of a stateful one differ in partition counts.
    """

    processors: tuple[AnyProcessor, ...]

    def __post_init__(self) -> None:
        names = [processor.name for processor in self.processors]
        if len(set(names)) != len(names):
            raise UnsoundTopology(f"two processors share a name: {names}")
        for index, processor in enumerate(self.processors):
            for topic in (*processor.inputs, *processor.references, *processor.outputs):
                if topic not in TOPICS:
                    raise UnsoundTopology(f"{processor.name}: topic {topic!r} is not in schemas/topics.py")
            for topic in processor.references:
                if not TOPICS[topic].compacted:
                    raise UnsoundTopology(f"{processor.name}: reference topic {topic!r} must be compacted")
            if own := set(processor.inputs).intersection(processor.outputs):
                raise UnsoundTopology(f"{processor.name} reads {sorted(own)}, which it writes itself")
            late = {out for later in self.processors[index + 1 :] for out in later.outputs}
            if too_early := late.intersection(processor.inputs):
                raise UnsoundTopology(f"{processor.name} reads {sorted(too_early)}, which a later processor writes")
            partitions = {TOPICS[topic].partitions for topic in processor.inputs}
            if processor.stateful and len(partitions) > 1:
                raise UnsoundTopology(
                    f"{processor.name}: its inputs {processor.inputs} have different partition counts"
                )

    def up_to(self, topics: Collection[str]) -> Pipeline:
        """Return the part of the pipeline that ``topics`` need: every processor that feeds them, directly or not."""
        needed = set(topics)
        kept: list[AnyProcessor] = []
        for processor in reversed(self.processors):
            if needed.intersection(processor.outputs):
                needed.update(processor.inputs)
                kept.append(processor)
        return Pipeline(tuple(reversed(kept)))
