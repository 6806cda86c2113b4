"""Headlines that only pass on what somebody thinks: "Good time to buy Halden: Ann Lind", "…: Moen Securities".

The form is that of the business press: what is thought, a colon, and the name of who thinks it, without an office. One
who speaks for a firm or an authority is named with theirs.
"""

from __future__ import annotations

import re

from services.matcher.text.normalize import words
from services.matcher.text.word_lists import word_lists

__all__ = ["find_commentator"]

# Two or three capitalised words, or initials, behind the last colon; after a comma a house may follow.
_PERSON = re.compile(r": ((?:[A-Z][\w.’'-]*\s){1,2}[A-Z][\w’'-]+)(?:, [A-Z][^:]{1,60})?$")
_HOUSE = re.compile(r": ([A-Z][\w&.’' -]{1,40}|[a-z]{5,9})$")


def find_commentator(title: str) -> str | None:
    """Who is quoted at the end of ``title`` and holds no office there; None where nobody is."""
    if ": " not in title:
        return None
    person = _PERSON.search(title)
    if person and word_lists().offices.isdisjoint(words(person.group(1))):
        name = person.group(1)
        return None if " ".join(words(name)) in word_lists().media else name
    house = _HOUSE.search(title)
    if house is None:
        return None
    known = " ".join(words(house.group(1)))
    return house.group(1) if known in word_lists().anonymous_experts | word_lists().research else None
