"""Derive from a second reader's reading what it says against telling an item. Pure."""

from __future__ import annotations

from schemas.readings import ReadingReviewed
from services.matcher.stories.evidence import Objection

__all__ = ["objection_of"]


def objection_of(review: ReadingReviewed) -> Objection:
    """Return the objection of the second reader; only fields in which it disagrees with the first one count.

    Where both read the same, the verdict already takes it into account. Whatever a second reader says in favor of an
    item changes nothing.
    """
    second, disputes = review.second, review.disputes
    if "role" in disputes:
        match second.role:
            case "speaker" | "mention" | "homonym":
                return second.role
            case _:
                pass
    if "genre" in disputes and second.genre != "news":
        return "not_news"
    if "weight" in disputes and second.weight in ("minor", "none"):
        return "too_small"
    return "none"
