"""The changelog topic of each stateful processor. This module is pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.topics import TOPICS
from services.common.processing import AnyProcessor

__all__ = ["Changelog", "changelogs"]


@dataclass(frozen=True, slots=True)
class Changelog:
    """The compacted topic that stores a processor's states. It has as many partitions as the inputs."""

    processor: str
    name: str
    partitions: int


def changelogs(processors: Iterable[AnyProcessor]) -> dict[str, Changelog]:
    """Return the changelogs of the stateful ``processors``, by processor name."""
    return {
        processor.name: Changelog(processor.name, f"{processor.name}.states", TOPICS[processor.inputs[0]].partitions)
        for processor in processors
        if processor.stateful
    }
