"""Slack, by incoming webhooks: one secret address for each channel or person."""

from __future__ import annotations

from typing import Any

from services.notifier.delivery.channels.base import Outgoing, Paragraph, Run
from services.notifier.delivery.channels.hook import HookChannel

__all__ = ["Slack", "document"]

#: Slack's own bounds (Block Kit reference: header text, section text, blocks of a message).
HEADER_LIMIT, SECTION_LIMIT, BLOCKS_LIMIT = 150, 3_000, 50


class Slack(HookChannel):
    """The ``slack`` channel."""

    name = "slack"
    title = "Slack"
    place = "Slack"

    def document(self, message: Outgoing) -> dict[str, Any]:
        """See :func:`document`."""
        return document(message)


def document(message: Outgoing) -> dict[str, Any]:
    """The message as Slack reads it: its text is never taken for a link, a mention or a command."""
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
    """Rich text, in which nothing is markup; a section begins on a line of its own. Slack refuses what is empty."""
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
    """Slack's three control characters, as its own documentation replaces them."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
