"""Slack, by incoming webhooks: one secret address per channel or person."""

from __future__ import annotations

from typing import Any

from services.notifier.delivery.channels.base import Outgoing, Paragraph, Run
from services.notifier.delivery.channels.hook import HookChannel

__all__ = ["Slack", "document"]

#: Slack's limits (Block Kit reference: header text, section text, blocks of a message).
HEADER_LIMIT, SECTION_LIMIT, BLOCKS_LIMIT = 150, 3_000, 50


class Slack(HookChannel):
    """The ``slack`` channel."""

    name = "slack"
    title = "Slack"
    service = "Slack"

    def document(self, message: Outgoing) -> dict[str, Any]:
        """Return the message in the service's format; see :func:`document`."""
        return document(message)


def document(message: Outgoing) -> dict[str, Any]:
    """Return the message as Slack reads it. Its text never becomes a link, a mention or a command."""
    header = message.subject if len(message.subject) <= HEADER_LIMIT else f"{message.subject[: HEADER_LIMIT - 1]}…"
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}]
    if message.chat:
        blocks.append({"type": "rich_text", "elements": [_section(paragraph) for paragraph in message.chat]})
    else:
        blocks += [
            {"type": "section", "text": {"type": "plain_text", "text": part, "emoji": False}}
            for part in _parts(message.body)
        ]
    return {"text": _escaped(message.subject), "blocks": blocks[:BLOCKS_LIMIT]}


def _section(paragraph: Paragraph) -> dict[str, Any]:
    """Return rich text, which contains no markup. A section begins on its own line. Slack refuses empty elements."""
    runs = [run for run in (*paragraph, Run("\n")) if run.text or run.url]
    return {"type": "rich_text_section", "elements": [_element(run) for run in runs]}


def _element(run: Run) -> dict[str, Any]:
    style = {"style": {"bold": True}} if run.strong else {}
    if run.url is None:
        return {"type": "text", "text": run.text, **style}
    return {"type": "link", "url": run.url, "text": run.text or run.url, **style}


def _parts(text: str) -> list[str]:
    return [text[start : start + SECTION_LIMIT] for start in range(0, len(text), SECTION_LIMIT)]


def _escaped(text: str) -> str:
    """Escape Slack's three control characters as its documentation says."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
