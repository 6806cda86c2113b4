"""Renders a digest as HTML mail, Markdown and plain text with the same contents. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.notifier.digest.model import SECTIONS, Digest, Section

__all__ = [
    "HEADINGS",
    "RenderedDigest",
    "Unlisted",
    "as_html",
    "as_markdown",
    "as_text",
    "format_deadline",
    "format_delay",
    "render",
    "subject_of",
    "summary",
    "unlisted",
]

HEADINGS: dict[Section, str] = {
    "correct": "To correct",
    "send": "To send",
    "answered": "Sent",
    "due": "Contact due",
    "ask": "If they ask",
    "noticed": "Also noticed",
}
_COUNTED: dict[Section, tuple[str, str]] = {
    "correct": ("correction", "corrections"),
    "send": ("message to send", "messages to send"),
    "answered": ("message sent", "messages sent"),
    "due": ("client due for contact", "clients due for contact"),
    "ask": ("rumor clients may ask about", "rumors clients may ask about"),
    "noticed": ("story also noticed", "stories also noticed"),
}
#: The page of the desk that lists all of a section.
_PAGES: dict[Section, str] = {
    "correct": "/",
    "send": "/",
    "answered": "/sent",
    "due": "/clients",
    "ask": "/held",
    "noticed": "/noticed",
}
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """A mail: its subject, its text and its HTML."""

    subject: str
    text: str
    html: str


def render(digest: Digest, base_url: str) -> RenderedDigest:
    """Return the digest as a mail. ``base_url`` is the desk's address, without a slash at the end."""
    return RenderedDigest(subject_of(digest), as_text(digest, base_url), as_html(digest, base_url))


def summary(digest: Digest) -> str:
    """Return the contents of the digest in one line."""
    if digest.empty:
        return "Nothing to send, no replies, no contact due."
    parts = []
    for section in SECTIONS:
        count = digest.count(section)
        if count:
            parts.append(f"{count:,} {_COUNTED[section][count != 1]}")
    return f"{', '.join(parts)}."


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Entries of a section that are counted but not listed, and the page of the desk that lists them all."""

    text: str
    path: str


def unlisted(digest: Digest) -> tuple[Unlisted, ...]:
    """Say for each section how much of it is not listed, and where it is."""
    counts = ((section, digest.unlisted(section)) for section in SECTIONS)
    return tuple(
        Unlisted(f"and {count:,} more {_COUNTED[section][count != 1]}", _PAGES[section])
        for section, count in counts
        if count
    )


def subject_of(digest: Digest) -> str:
    """Return the subject of the mail: the day, and how much there is to do."""
    day = _local(digest, digest.now)
    late = " (late)" if digest.late_by is not None else ""
    to_send = digest.count("correct") + digest.count("send")
    messages = "message" if to_send == 1 else "messages"
    to_do = "nothing to do" if digest.empty else f"{to_send:,} {messages} to send" if to_send else "nothing to send"
    return f"{day:%A} {day.day} {day:%B}{late}: {to_do}"


def as_html(digest: Digest, base_url: str) -> str:
    """Return the digest as HTML for mail programs: styles are inlined, with a dark mode."""
    return _page().get_template("digest.html").render(digest=digest, base_url=base_url, **_values(digest))


def as_markdown(digest: Digest, base_url: str) -> str:
    """Return the digest as Markdown. Headlines cannot become markup."""
    return _page().get_template("digest.md").render(digest=digest, base_url=base_url, **_values(digest)).strip() + "\n"


def as_text(digest: Digest, base_url: str) -> str:
    """Return the digest as plain text."""
    return _page().get_template("digest.txt").render(digest=digest, base_url=base_url, **_values(digest)).strip() + "\n"


def _values(digest: Digest) -> dict[str, object]:
    return {
        "summary": summary(digest),
        "headings": HEADINGS,
        "sections": SECTIONS,
        "when": lambda moment: format_deadline(digest, moment),
        "day": _day(digest),
        "more": unlisted(digest),
        "late": None if digest.late_by is None else format_delay(digest),
    }


def _local(digest: Digest, moment: datetime) -> datetime:
    return moment.astimezone(digest.zone)


def _day(digest: Digest) -> str:
    local = _local(digest, digest.now)
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def format_deadline(digest: Digest, moment: datetime) -> str:
    """Return ``moment`` in the manager's time zone: ``today 11:20``, ``Fri 6 Mar 12:00 (passed)``."""
    local, today = _local(digest, moment), _local(digest, digest.now).date()
    day = "today" if local.date() == today else f"{local:%a} {local.day} {local:%b}"
    return f"{day} {local:%H:%M}" if moment > digest.now else f"{day} {local:%H:%M} (passed)"


def format_delay(digest: Digest) -> str:
    """Return how late the digest is: ``3 hours``."""
    seconds = digest.late_by.total_seconds() if digest.late_by is not None else 0.0
    hours = round(seconds / 3600)
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours else f"{round(seconds / 60)} minutes"


def _plain_marks(text: str) -> str:
    """Return ``text`` on one line, escaped so that Markdown shows it unchanged."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


@cache
def _page() -> Environment:
    environment = Environment(
        loader=PackageLoader("services.notifier.digest", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(md=_plain_marks, line=_one_line)
    return environment
