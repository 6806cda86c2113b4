"""A digest as HTML mail, as Markdown and as plain text. Every figure and word of the three is the same. Pure."""

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
    "as_html",
    "as_markdown",
    "as_text",
    "late_in_words",
    "render",
    "subject_of",
    "summary",
    "when",
]

HEADINGS: dict[Section, str] = {
    "correct": "To correct",
    "send": "To send",
    "answered": "Sent, and what came of it",
    "due": "Due for contact",
    "ask": "If they ask",
}
_COUNTED: dict[Section, tuple[str, str]] = {
    "correct": ("correction", "corrections"),
    "send": ("message to send", "messages to send"),
    "answered": ("message went out", "messages went out"),
    "due": ("client due for contact", "clients due for contact"),
    "ask": ("rumor to have an answer to", "rumors to have an answer to"),
}
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~])")


@dataclass(frozen=True, slots=True)
class RenderedDigest:
    """What goes into the mail: the HTML and its plain-text twin."""

    subject: str
    text: str
    html: str


def render(digest: Digest, base_url: str) -> RenderedDigest:
    """The digest as mail; ``base_url`` is the desk's address, without a slash at the end."""
    return RenderedDigest(subject_of(digest), as_text(digest, base_url), as_html(digest, base_url))


def summary(digest: Digest) -> str:
    """All there is in one line."""
    if digest.empty:
        return "Nothing to send, nothing to answer, nobody due for contact."
    parts = []
    for section in SECTIONS:
        count = digest.count(section)
        if count:
            parts.append(f"{count} {_COUNTED[section][count != 1]}")
    return f"{', '.join(parts)}."


def subject_of(digest: Digest) -> str:
    """The subject of the mail: the day, and what there is to do."""
    day = _local(digest, digest.now)
    late = " (late)" if digest.late_by is not None else ""
    todo = digest.count("correct") + digest.count("send")
    what = "nothing to do" if digest.empty else f"{todo} to send" if todo else "nothing to send"
    return f"{day:%A} {day.day} {day:%B}{late}: {what}"


def as_html(digest: Digest, base_url: str) -> str:
    """A page that a mail program shows: styles inlined, dark where the reader's programs are dark."""
    return _page().get_template("digest.html").render(digest=digest, base_url=base_url, **_words(digest))


def as_markdown(digest: Digest, base_url: str) -> str:
    """For chat and notes; what stands in headlines can't become markup."""
    return _page().get_template("digest.md").render(digest=digest, base_url=base_url, **_words(digest)).strip() + "\n"


def as_text(digest: Digest, base_url: str) -> str:
    """The plain-text twin of the mail."""
    return _page().get_template("digest.txt").render(digest=digest, base_url=base_url, **_words(digest)).strip() + "\n"


def _words(digest: Digest) -> dict[str, object]:
    return {
        "summary": summary(digest),
        "headings": HEADINGS,
        "sections": SECTIONS,
        "when": lambda moment: when(digest, moment),
        "day": _day(digest),
        "late": None if digest.late_by is None else late_in_words(digest),
    }


def _local(digest: Digest, moment: datetime) -> datetime:
    return moment.astimezone(digest.zone)


def _day(digest: Digest) -> str:
    local = _local(digest, digest.now)
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def when(digest: Digest, moment: datetime) -> str:
    """``moment`` as the manager reads it in the digest."""
    local, today = _local(digest, moment), _local(digest, digest.now).date()
    day = "today" if local.date() == today else f"{local:%a} {local.day} {local:%b}"
    return f"{day} {local:%H:%M}" if moment > digest.now else f"{day} {local:%H:%M}, past"


def late_in_words(digest: Digest) -> str:
    """By how much it is late: ``3 hours``."""
    seconds = digest.late_by.total_seconds() if digest.late_by is not None else 0.0
    hours = round(seconds / 3600)
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours else f"{round(seconds / 60)} minutes"


def _plain_marks(text: str) -> str:
    """``text`` so that Markdown shows it as it stands, on one line."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def _one_line(text: str) -> str:
    return " ".join(text.split())


@cache
def _page() -> Environment:
    environment = Environment(
        loader=PackageLoader("services.notifier.contact", "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(md=_plain_marks, line=_one_line)
    return environment
