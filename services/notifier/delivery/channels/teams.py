"""Microsoft Teams, by workflows with the trigger "When a Teams webhook request is received": an adaptive card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.notifier.delivery.channels.base import Outgoing, Paragraph, Run
from services.notifier.delivery.channels.hook import HookChannel

__all__ = ["Teams", "document"]


class Teams(HookChannel):
    """The ``teams`` channel."""

    name = "teams"
    title = "Teams"
    service = "Microsoft Teams"

    def document(self, message: Outgoing) -> dict[str, Any]:
        """Return the message in the service's format; see :func:`document`."""
        return document(message)


def document(message: Outgoing) -> dict[str, Any]:
    """Return the message as an adaptive card. It uses text runs: text blocks would interpret Markdown."""
    plain = [part for part in message.body.replace("\r\n", "\n").split("\n\n") if part.strip()]
    paragraphs = message.chat or tuple((Run(part),) for part in plain)
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _block((Run(message.subject, strong=True),), size="Medium"),
            *(_block(paragraph) for paragraph in paragraphs),
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _block(paragraph: Paragraph, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [_run(run, style) for run in paragraph]}


def _run(run: Run, style: Mapping[str, str]) -> dict[str, Any]:
    weight = {"weight": "Bolder"} if run.strong else {}
    link = {} if run.url is None else {"selectAction": {"type": "Action.OpenUrl", "url": run.url}}
    return {"type": "TextRun", "text": run.text or run.url or " ", **weight, **style, **link}
