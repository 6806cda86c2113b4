"""Makes one attempt to send a message by a channel, with a time limit."""

from __future__ import annotations

import asyncio

from services.common.logs import get_logger
from services.notifier.delivery.channels.base import Channel, Outcome, Outgoing

__all__ = ["ATTEMPT_SECONDS", "send_once"]

log = get_logger(__name__)

#: The time limit of one attempt; a channel's own time-outs are shorter.
ATTEMPT_SECONDS = 120.0


async def send_once(name: str, channel: Channel, message: Outgoing) -> Outcome:
    """Send ``message`` and return the outcome: ``unknown`` after a time-out or any exception."""
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
        return Outcome("unknown", f"The channel failed unexpectedly: {type(error).__name__}.")
