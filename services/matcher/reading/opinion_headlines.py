"""Recognizes headlines that only pass on an opinion: "Good time to buy Halden: Ann Lind", "…: Moen Securities".

The business press writes the opinion, a colon, and the name of the commentator without an office. A person who speaks
for a company or an authority is named together with the office.
"""

from __future__ import annotations

import re

from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["find_commentator"]

# Two or three capitalized words, or initials, after the last colon; a firm may follow after a comma.
_PERSON = re.compile(r": ((?:[A-Z][\w.’'-]*\s){1,2}[A-Z][\w’'-]+)(?:, [A-Z][^:]{1,60})?$")
_FIRM = re.compile(r": ([A-Z][\w&.’' -]{1,40}|[a-z]{5,9})$")


def find_commentator(title: str) -> str | None:
    """Return the person or firm quoted without an office at the end of ``title``, or None."""
    if ": " not in title:
        return None
    lists = word_lists()
    person = _PERSON.search(title)
    if person and lists.offices.isdisjoint(words(person.group(1))):
        name = person.group(1)
        return None if " ".join(words(name)) in lists.media else name
    firm = _FIRM.search(title)
    if firm is None:
        return None
    norm = " ".join(words(firm.group(1)))
    return firm.group(1) if norm in lists.anonymous_experts or norm in lists.research else None
