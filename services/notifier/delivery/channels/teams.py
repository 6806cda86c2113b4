"""Microsoft Teams, by workflows that begin with "when a Teams webhook request is received": an adaptive card."""

from __future__ import annotations

from typing import Any

from firstword.kit.clock import Clock
from services.notifier.delivery.channels.base import Outcome, Outgoing
from services.notifier.delivery.channels.hook import Hooks, post_document
from services.notifier.webhooks.post import Http

__all__ = ["Teams", "document"]


class Teams:
    """The ``teams`` channel. A message's recipient is a name in ``hooks``."""

    name = "teams"

    def __init__(self, http: Http, clock: Clock, hooks: Hooks) -> None:
        self._http = http
        self._clock = clock
        self._hooks = dict(hooks)

    async def send(self, message: Outgoing) -> Outcome:
        """Post ``message`` once."""
        url = self._hooks.get(message.recipient)
        if url is None:
            return Outcome("rejected", f"No Teams address is set for {message.recipient!r} (FIRSTWORD_TEAMS_HOOKS).")
        return await post_document(self._http, self._clock, "Microsoft Teams", url, document(message))


def document(message: Outgoing) -> dict[str, Any]:
    """The message as an adaptive card. Text runs, for text blocks would take parts of it for Markdown."""
    paragraphs = [part for part in message.body.replace("\r\n", "\n").split("\n\n") if part.strip()]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_block(message.subject, weight="Bolder", size="Medium"), *(_block(part) for part in paragraphs)],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _block(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
