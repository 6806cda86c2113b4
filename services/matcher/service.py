"""The matcher's two processors: annotate (stateless), then judge (state per watched thing)."""

from __future__ import annotations

from services.matcher.annotate import Annotate, ItemReading, annotate_item
from services.matcher.judge import Judge

__all__ = ["Annotate", "ItemReading", "Judge", "annotate_item"]
