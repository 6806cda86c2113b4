"""Recognize what stands in a publisher's channel and is not by its newsroom: comments, paid posts, press releases.

Whoever gets a text into a good outlet's comments or pays for a post gets nothing of the outlet's grade. The signs are
those that publishing systems and newsrooms set: the address, the category, the author, the label before the title, and
a note in the text. They only lower what an item counts for, so nobody gains by forging them. Pure.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from schemas.items import Item
from schemas.mentions import SourceGrade, SourceLetter
from services.matcher.lexicon import read_yaml
from services.matcher.sources.publishers import NEWSROOMS

__all__ = ["Section", "find_section", "graded_section"]

Section = Literal["readers", "paid", "release"]
#: Characters at the beginning and the end of the text in which a newsroom says that it isn't its own.
_NOTE_CHARS = 240
#: What each section's items are called, and what they count for.
_NAMES: dict[Section, str] = {
    "readers": "a reader's post on {host}",
    "paid": "a paid post on {host}",
    "release": "a press release on {host}",
}
_GRADES: dict[Section, SourceLetter] = {"readers": "E", "paid": "E", "release": "F"}
_GROUNDS: dict[Section, str] = {
    "readers": "Readers write this part of {publisher}, not its newsroom.",
    "paid": "This part of {publisher} is paid for.",
    "release": "{publisher} prints press releases as they come.",
}
#: Grades that make a report count for more than an unknown site's.
_GIVES_WEIGHT: frozenset[SourceLetter] = frozenset(("A", "B", "C"))
#: A comment's own address, and the titles that publishing systems give to comments.
_COMMENT_MARK = re.compile(r"(?:comment|respond|reply)(?:-?\d+)?$|comment-\d+", re.IGNORECASE)
_COMMENT_TITLE = re.compile(r"(?:comment on\b.*\bby\b|by: |re: |in reply to )", re.IGNORECASE)
_SPACES = re.compile(r"[\W_]+")


class _Signs(NamedTuple):
    path: frozenset[str]
    label: frozenset[str]
    author: tuple[str, ...]
    text: tuple[str, ...]


def find_section(item: Item, source: SourceGrade) -> Section | None:
    """Return the section of ``source``'s channel in which ``item`` stands; None if it is by the publisher itself."""
    if source.grade not in _GIVES_WEIGHT:
        return None  # there is nothing to gain from it
    if _is_comment(item):
        return "readers"
    labels, parts = _labels(item), _address_parts(item)
    authors = [_plain(author) for author in item.authors]
    notes = _notes(item)
    for section, signs in _signs().items():
        if section != "readers" and source.kind not in NEWSROOMS:
            continue  # a wire, a company and an authority publish their own
        if (
            not signs.path.isdisjoint(parts)
            or not signs.label.isdisjoint(labels)
            or any(f" {sign} " in f" {author} " for sign in signs.author for author in authors)
            or any(sign in note for sign in signs.text for note in notes)
        ):
            return section
    return None


def graded_section(source: SourceGrade, section: Section) -> SourceGrade:
    """Return a source of its own for a section of ``source``'s channel, with the grade of whoever writes there."""
    grade = _GRADES[section]
    return SourceGrade(
        domain=f"{source.domain}/{section}",
        publisher=_NAMES[section].format(host=source.domain),
        kind="blog" if section == "readers" else "other",
        grade=grade,
        set_grade=grade,
        ground=_GROUNDS[section].format(publisher=source.publisher),
    )


def _is_comment(item: Item) -> bool:
    _, _, fragment = (item.url or "").partition("#")
    return bool(_COMMENT_MARK.match(fragment) or _COMMENT_TITLE.match(item.title))


def _labels(item: Item) -> set[str]:
    """Return the categories, and the words before a colon or within brackets that open the title."""
    labels = {_plain(category) for category in item.categories}
    opening, colon, _ = item.title.partition(":")
    if colon:
        labels.add(_plain(opening))
    bracketed = re.match(r"[\[(]([^\])]{3,40})[\])]", item.title)
    if bracketed:
        labels.add(_plain(bracketed[1]))
    return labels


def _address_parts(item: Item) -> set[str]:
    """Return the parts of the paths of the item's address and of its feed's, without the last one of the item's."""
    link = _path(item.url)[:-1]
    return {part.casefold() for part in (*link, *_path(item.source.feed_url))}


def _path(url: str | None) -> list[str]:
    try:
        return [part for part in urlsplit(url or "").path.split("/") if part]
    except ValueError:
        return []


def _notes(item: Item) -> list[str]:
    texts = [_plain(text) for text in (item.summary, item.body) if text]
    return [note for text in texts for note in (text[:_NOTE_CHARS], text[-_NOTE_CHARS:])]


def _plain(text: str) -> str:
    """Return ``text`` in lower case with single spaces between its words, apostrophes left out."""
    return _SPACES.sub(" ", text.replace("’", "").replace("'", "").casefold()).strip()


@cache
def _signs() -> dict[Section, _Signs]:
    raw: dict[Section, dict[str, Any]] = read_yaml("sections.yaml")
    return {
        section: _Signs(
            frozenset(signs["path"]),
            frozenset(map(_plain, signs["label"])),
            tuple(map(_plain, signs["author"])),
            tuple(map(_plain, signs["text"])),
        )
        for section, signs in raw.items()
    }
