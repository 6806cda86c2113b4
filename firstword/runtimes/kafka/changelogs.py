"""Which changelog each stateful processor has, and where Faust looks for it. Nothing here reaches outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.topics import TOPICS
from services.common.processing import AnyProcessor

__all__ = ["Changelog", "changelogs"]


@dataclass(frozen=True, slots=True)
class Changelog:
    """The compacted topic in which a processor's states live; as many partitions as its inputs have."""

    processor: str
    name: str
    partitions: int


def changelogs(processors: Iterable[AnyProcessor]) -> dict[str, Changelog]:
    """The changelogs of those ``processors`` that keep states, by processor."""
    return {
        processor.name: Changelog(processor.name, f"{processor.name}.states", TOPICS[processor.inputs[0]].partitions)
        for processor in processors
        if processor.stateful
    }
