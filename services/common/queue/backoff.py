"""When to try again: one schedule for all ways out of the house, and for webhooks (pure)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

__all__ = ["MOST_RETRY_AFTER_SECONDS", "RETRY_SECONDS", "next_attempt"]

#: How long is waited before each attempt: the schedule of Standard Webhooks, which suits greylisting mail servers too.
RETRY_SECONDS = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
#: Retries are spread by up to this share, so that an outage doesn't end in a stampede.
JITTER = 0.1
#: Whoever asks for more patience than a week gets a week's.
MOST_RETRY_AFTER_SECONDS = 7 * 86_400.0


def next_attempt(
    delivery_id: str, attempt: int, now: datetime, retry_after_seconds: float | None = None
) -> datetime | None:
    """When to try again after attempt number ``attempt`` (from 1) failed; None when it was the last one.

    Not before ``retry_after_seconds``, if the other side named that. The spread depends on the id and the attempt
    alone, so a repeat of the decision is the same decision.
    """
    if attempt >= len(RETRY_SECONDS):
        return None
    digest = hashlib.blake2b(f"{delivery_id}/{attempt}".encode(), digest_size=4).digest()
    seconds = RETRY_SECONDS[attempt] * (1 + JITTER * int.from_bytes(digest) / 2**32)
    patience = min(retry_after_seconds or 0.0, MOST_RETRY_AFTER_SECONDS)
    return now + timedelta(seconds=max(seconds, patience))
