"""Slack, by incoming webhooks: one secret address for each channel or person."""

from __future__ import annotations

from typing import Any

from firstword.kit.clock import Clock
from services.notifier.delivery.channels.base import Outcome, Outgoing
from services.notifier.delivery.channels.hook import Hooks, post_document
from services.notifier.webhooks.post import Http

__all__ = ["Slack", "document"]

#: Slack's own bounds (Block Kit reference: header text, section text, blocks of a message).
HEADER_LIMIT, SECTION_LIMIT, BLOCKS_LIMIT = 150, 3_000, 50


class Slack:
    """The ``slack`` channel. A message's recipient is a name in ``hooks``."""

    name = "slack"

    def __init__(self, http: Http, clock: Clock, hooks: Hooks) -> None:
        self._http = http
        self._clock = clock
        self._hooks = dict(hooks)

    async def send(self, message: Outgoing) -> Outcome:
        """Post ``message`` once."""
        url = self._hooks.get(message.recipient)
        if url is None:
            return Outcome("rejected", f"No Slack address is set for {message.recipient!r} (FIRSTWORD_SLACK_HOOKS).")
        return await post_document(self._http, self._clock, "Slack", url, document(message))


def document(message: Outgoing) -> dict[str, Any]:
    """The message as Slack reads it: its text is never taken for a link, a mention or a command."""
    header = message.subject if len(message.subject) <= HEADER_LIMIT else f"{message.subject[: HEADER_LIMIT - 1]}…"
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}]
    blocks += [
        {"type": "section", "text": {"type": "plain_text", "text": part, "emoji": False}}
        for part in _parts(message.body)
    ]
    return {"text": _escaped(message.subject), "blocks": blocks[:BLOCKS_LIMIT]}


def _parts(text: str) -> list[str]:
    return [text[start : start + SECTION_LIMIT] for start in range(0, len(text), SECTION_LIMIT)]


def _escaped(text: str) -> str:
    """Slack's three control characters, as its own documentation replaces them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
