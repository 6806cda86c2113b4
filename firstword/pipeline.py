"""The topology, declared once: which processors there are, in which order events pass through them.

Every runtime (in memory, embedded on SQLite, Kafka) takes it from here. Nothing here reaches outside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from schemas.topics import TOPICS
from services.common.processing import AnyProcessor

__all__ = ["Pipeline", "UnsoundTopology"]


class UnsoundTopology(ValueError):
    """The processors don't fit together; the message says which and how."""


@dataclass(frozen=True)
class Pipeline:
    """Processors in an order in which each comes after those that it reads from.

    Raises:
        UnsoundTopology: a topic isn't registered, a name is taken twice, references aren't compacted, or a processor
            reads what only a later one writes.
    """

    processors: tuple[AnyProcessor, ...]

    def __post_init__(self) -> None:
        names = [processor.name for processor in self.processors]
        if len(set(names)) != len(names):
            raise UnsoundTopology(f"two processors have one name: {names}")
        for index, processor in enumerate(self.processors):
            for topic in (*processor.inputs, *processor.references, *processor.outputs):
                if topic not in TOPICS:
                    raise UnsoundTopology(f"{processor.name}: topic {topic!r} is not in schemas/topics.py")
            for topic in processor.references:
                if not TOPICS[topic].compacted:
                    raise UnsoundTopology(f"{processor.name}: reference topic {topic!r} must be a compacted one")
            if own := set(processor.inputs).intersection(processor.outputs):
                raise UnsoundTopology(f"{processor.name} reads {sorted(own)}, which it writes itself")
            late = {out for later in self.processors[index + 1 :] for out in later.outputs}
            if too_early := late.intersection(processor.inputs):
                raise UnsoundTopology(f"{processor.name} reads {sorted(too_early)}, which a later processor writes")
            partitions = {TOPICS[topic].partitions for topic in processor.inputs}
            if processor.stateful and len(partitions) > 1:
                raise UnsoundTopology(f"{processor.name}: its inputs {processor.inputs} have unlike partition counts")

    def up_to(self, topics: Collection[str]) -> Pipeline:
        """The part of the pipeline that writing ``topics`` needs: what feeds them, directly or not."""
        needed = set(topics)
        kept: list[AnyProcessor] = []
        for processor in reversed(self.processors):
            if needed.intersection(processor.outputs):
                needed.update(processor.inputs)
                kept.append(processor)
        return Pipeline(tuple(reversed(kept)))
