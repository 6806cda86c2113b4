"""Messages to account managers as chats show them: short paragraphs with links, within the services' limits (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from services.notifier.delivery.channels.base import Paragraph, Run
from services.notifier.digest.model import Digest, DigestLine
from services.notifier.digest.render import HEADINGS, format_deadline, format_delay, summary, unlisted

__all__ = ["digest_chat", "read", "stored"]

#: Teams refuses messages of more than 28 kB as JSON; Slack accepts more.
CHAT_BYTES = 18_000
#: About how many bytes JSON adds to each run.
RUN_BYTES = 110


def digest_chat(digest: Digest, base_url: str) -> tuple[Paragraph, ...]:
    """Return the digest as paragraphs. Entries that don't fit are counted; the desk shows them."""
    opening: list[Paragraph] = [(Run(summary(digest)),)]
    if digest.late_by is not None:
        late = format_delay(digest)
        opening.insert(0, (Run(f"This digest is {late} late because Firstword was not running."),))
    closing = (Run("Open in Firstword", f"{base_url}/digest"),)
    more: list[Paragraph] = [(Run(entry.text, f"{base_url}{entry.path}"),) for entry in unlisted(digest)]
    ending: list[Paragraph] = [*more, closing]
    entries = list(_entries(digest, base_url))
    left = CHAT_BYTES - sum(map(_size, (*opening, *ending)))
    kept: list[Paragraph] = []
    for index, entry in enumerate(entries):
        left -= sum(map(_size, entry))
        if left < 0:
            kept.append((Run(f"… and {len(entries) - index} more in Firstword."),))
            break
        kept += entry
    return (*opening, *kept, *ending)


def _entries(digest: Digest, base_url: str) -> Iterator[list[Paragraph]]:
    """Yield each line of the digest; a client's first line comes with their name."""
    for client in digest.clients:
        named = f"{client.name} ({client.organisation})" if client.organisation else client.name
        heading: list[Paragraph] = [(Run(_one_line(named), strong=True),)]
        for line in client.lines:
            yield [*heading, *_line(digest, line, base_url)]
            heading = []


def _line(digest: Digest, line: DigestLine, base_url: str) -> list[Paragraph]:
    unconfirmed = "unconfirmed: " if line.unconfirmed else ""
    by = f" by {format_deadline(digest, line.deadline_at)}" if line.deadline_at else ""
    runs = [Run(f"• {HEADINGS[line.section]}: {unconfirmed}"), Run(_one_line(line.title), f"{base_url}{line.path}")]
    more = [(Run(f"   {_one_line(sentence)}"),) for sentence in line.detail]
    return [(*runs, Run(by)) if by else tuple(runs), *more]


def stored(paragraphs: Sequence[Paragraph]) -> list[list[list[Any]]]:
    """Return the paragraphs as the database stores them; :func:`read` reads them."""
    return [[[run.text, run.url, run.strong] for run in paragraph] for paragraph in paragraphs]


def read(value: Sequence[Sequence[Sequence[Any]]]) -> tuple[Paragraph, ...]:
    """Read paragraphs that :func:`stored` returned."""
    return tuple(tuple(Run(*run) for run in paragraph) for paragraph in value)


def _size(paragraph: Paragraph) -> int:
    return sum(len(run.text.encode()) + len((run.url or "").encode()) + RUN_BYTES for run in paragraph)


def _one_line(text: str) -> str:
    return " ".join(text.split())
