"""A letter as HTML mail: the words of the plain text and no others, set so that they read well, light and dark. Pure.

No picture, no script, nothing that is fetched: opening it tells nobody anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

__all__ = ["letter_html"]

#: Addresses as they stand in text; what ends a sentence belongs to the sentence.
_URL = re.compile(r"https?://[^\s<>\"'“”]+[^\s<>\"'“”.,;:!?)\]}]")


def letter_html(subject: str, body: str, language: str = "en") -> str:
    """``body`` as HTML: a paragraph for each that blank lines part, lines kept, addresses as links."""
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
