"""One attempt to send one message by one channel, bounded in time; whatever goes wrong unexpectedly ends as unknown."""

from __future__ import annotations

import asyncio

from services.common.logs import get_logger
from services.notifier.delivery.channels.base import Channel, Outcome, Outgoing

__all__ = ["ATTEMPT_SECONDS", "send_once"]

log = get_logger(__name__)

#: How long one attempt may take in all; a channel's own time-outs are shorter.
ATTEMPT_SECONDS = 120.0


async def send_once(name: str, channel: Channel, message: Outgoing) -> Outcome:
    """How sending ``message`` by ``channel`` ended; unknown where no answer came or the channel broke, never raised."""
    try:
        async with asyncio.timeout(ATTEMPT_SECONDS):
            return await channel.send(message)
    except TimeoutError:
        return Outcome("unknown", f"No answer within {ATTEMPT_SECONDS:.0f} s.")
    except Exception as error:  # whatever it is, the message may have gone
        log.exception(
            "A channel failed unexpectedly.",
            action="delivery.channel_failed",
            channel=name,
            delivery_id=message.delivery_id,
        )
        return Outcome("unknown", f"The channel failed in a way it should not: {type(error).__name__}.")
