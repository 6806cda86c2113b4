"""Renders a letter as HTML mail, with exactly the words of the plain text, in light and dark (pure).

It has no pictures or scripts and fetches nothing, so that nobody can tell whether it was opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

__all__ = ["letter_html"]

#: Addresses in text, without the punctuation that ends a sentence.
_URL = re.compile(r"https?://[^\s<>\"'“”]+[^\s<>\"'“”.,;:!?)\]}]")


def letter_html(subject: str, body: str, language: str = "en") -> str:
    """Return ``body`` as HTML: blank lines separate paragraphs, line breaks stay, and addresses become links."""
    text = body.replace("\r\n", "\n").strip("\n")
    paragraphs = [list(_lines(part)) for part in re.split(r"\n[ \t]*\n\s*", text) if part.strip()]
    return _page().render(subject=" ".join(subject.split()), language=language, paragraphs=paragraphs)


def _lines(paragraph: str) -> Iterator[Markup]:
    for line in paragraph.split("\n"):
        yield _linked(line.rstrip())


def _linked(line: str) -> Markup:
    done, at = Markup(), 0
    for match in _URL.finditer(line):
        link = Markup('<a class="link" href="{0}" style="color:#0f5c5c;">{0}</a>').format(match[0])
        done += escape(line[at : match.start()]) + link
        at = match.end()
    return done + escape(line[at:])


@cache
def _page() -> Template:
    environment = Environment(
        loader=PackageLoader("services.notifier.delivery", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html")
