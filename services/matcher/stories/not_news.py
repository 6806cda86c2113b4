"""Why an item is not news, as a closed list."""

from __future__ import annotations

from typing import Literal

__all__ = ["NotNews"]

NotNews = Literal["satire", "advertisement", "opinion", "stale", "anniversary", "speculation"]
