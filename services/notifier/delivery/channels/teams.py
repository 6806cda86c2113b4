"""Microsoft Teams, by workflows that begin with "when a Teams webhook request is received": an adaptive card."""

from __future__ import annotations

from typing import Any

from services.notifier.delivery.channels.base import Outgoing
from services.notifier.delivery.channels.hook import HookChannel

__all__ = ["Teams", "document"]


class Teams(HookChannel):
    """The ``teams`` channel."""

    name = "teams"
    title = "Teams"
    place = "Microsoft Teams"

    def document(self, message: Outgoing) -> dict[str, Any]:
        """See :func:`document`."""
        return document(message)


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
