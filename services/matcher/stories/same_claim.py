"""Decide whether an item states the claim that a story is about, and whether a denial of it is in a party's interest.

A story holds whatever concerns one event. Only items that state the same claim about it support or deny that claim: the
denial of a sale says nothing about an outage, and an article on a lawsuit confirms no takeover. Pure.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily
from services.common.wording import LESS, words_found
from services.matcher.stories.signature import content_stems, figures_in

__all__ = ["UNSPECIFIC_KINDS", "Wording", "hurts_party", "is_same_claim", "say_the_same", "says_no_more"]

#: Kinds that name no event of their own; an item of such a kind may state any claim.
UNSPECIFIC_KINDS: frozenset[EventKind] = frozenset(("other", "none", "event", "opinion"))
#: Families of kinds that reports on one event often use for one another.
_RELATED: tuple[frozenset[EventFamily], ...] = (
    frozenset(("legal", "regulation")),
    frozenset(("breach", "vulnerability")),
    frozenset(("cutback", "outage")),
    frozenset(("earnings", "guidance", "share_move")),
    frozenset(("rating", "share_move")),
    frozenset(("capital", "deal", "insolvency")),
    frozenset(("deal", "contract")),
)
#: Families in which the direction is a part of the claim: a raised dividend is not a cut one. In others, it is an
#: opinion on the same fact: one reader likes the takeover that the other does not.
_DIRECTION_IS_CLAIMED: frozenset[EventFamily] = frozenset(
    ("earnings", "guidance", "dividend", "share_move", "rating", "trial", "contract")
)
#: Whoever is said to have done or suffered this has reason to deny it, true or not.
_HARMFUL_FAMILIES: frozenset[EventFamily] = frozenset(
    (
        "insolvency",
        "breach",
        "vulnerability",
        "outage",
        "recall",
        "regulation",
        "legal",
        "cutback",
        "labour",
        "reputation",
    )
)
_HARMFUL_KINDS: frozenset[EventKind] = frozenset(("earnings_miss", "guidance_cut", "dividend_cut", "contract_loss"))
#: Plans that a party makes or agrees to, and knows of. A denial of them is only doubted if they would hurt.
_OWN_PLANS: frozenset[EventFamily] = frozenset(("deal", "contract", "leadership", "product", "expansion", "buyback"))

#: Words that say of how much something is true: without them it is another claim.
_WHOLE = re.compile(
    r"\b(?:all|both|every|entire|entirely|whole|total|totally|completely|never|no|not|none|nobody)\b", re.I
)
#: Before a word that stands beside the claim: where, when and after what it happens, and what happens besides.
_BESIDE = frozenset(
    ("in", "on", "at", "after", "over", "with", "and", "amid", "following", "during", "since", "from", "for", "by")
)
_TOKEN = re.compile(r"[\w'’-]+|[^\s\w]")
_OF_SO_MANY = re.compile(r"\bof \d")
#: Words that are passed over: articles and the like, and figures.
_UNSAID = re.compile(r"the|a|an|its|his|her|their|all|\d[\d.,]*", re.I)


class Wording(NamedTuple):
    """A report in its own words: headline, the sentence that shows it best, and the names of the thing in it."""

    title: str
    quote: str
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Headline and sentence."""
        return f"{self.title}. {self.quote}"


def is_same_claim(
    kind: EventKind | None, direction: Direction | None, claimed: EventKind, claimed_direction: Direction
) -> bool:
    """Return whether an item of ``kind`` and ``direction`` states the claim that ``claimed`` happened.

    None stands for an item from before kinds were recorded, which counts.
    """
    if kind is None or kind == claimed:
        opposite = {direction, claimed_direction} == {"positive", "negative"}
        return not (opposite and FAMILY_OF[claimed] in _DIRECTION_IS_CLAIMED)
    if "averted" in (kind, claimed):
        return False  # what was feared, and that it will not happen
    if kind in UNSPECIFIC_KINDS or claimed in UNSPECIFIC_KINDS:
        return True
    families = {FAMILY_OF[kind], FAMILY_OF[claimed]}
    if len(families) > 1 and not any(families <= related for related in _RELATED):
        return False
    opposite = {direction, claimed_direction} == {"positive", "negative"}
    return not (opposite and families & _DIRECTION_IS_CLAIMED)


def hurts_party(kind: EventKind | None, direction: Direction | None) -> bool:
    """Return whether what is claimed would hurt the party that it is claimed of, so that its denial proves nothing.

    What is unclear counts as harm: then a denial makes a story contested, not false.
    """
    if kind is None:
        return True
    family = FAMILY_OF[kind]
    if family in _HARMFUL_FAMILIES or kind in _HARMFUL_KINDS or direction == "negative":
        return True
    return direction in (None, "unclear") and family not in _OWN_PLANS


def say_the_same(one: Wording, other: Wording) -> bool:
    """Return whether two reports of one event say the same of it, by their words.

    Each headline has no figure that the other report lacks, and no "all" or "not"; neither report says that it is less,
    or for less long, than the other does. One has no word at all that the other report lacks, and the other one at
    most, beside the claim: "in Osterby", and not "the canteen at".
    """
    for this, that in ((one, other), (other, one)):
        if not figures_in(this.title) <= figures_in(that.text):
            return False
        if not words_found(_WHOLE, this.title) <= words_found(_WHOLE, that.text):
            return False
        if not words_found(LESS, this.text) <= words_found(LESS, that.text):
            return False
    added = [(this, _content(this) - _stems(that.text)) for this, that in ((one, other), (other, one))]
    more = [(wording, words) for wording, words in added if words]
    return not more or (len(more) == 1 and len(more[0][1]) == 1 and _is_beside(more[0][0].title, *more[0][1]))


def _is_beside(title: str, stem: str) -> bool:
    """Return whether the word of this stem says something besides, as "loss" in "with the loss of 40 jobs"."""
    tokens = [token for token in _TOKEN.findall(title) if not _UNSAID.fullmatch(token)] + [".", "."]
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if stem in _stems(token):
            ends = (
                not after[0].isalnum()
                or after.lower() in _BESIDE
                or (after == "of" and bool(_OF_SO_MANY.search(title)))
            )
            return before.lower() in _BESIDE and ends
    return False


def says_no_more(one: Wording, other: Wording) -> bool:
    """Return whether the headline of ``one`` has no word that the report ``other`` lacks."""
    return _content(one) <= _stems(other.text)


def _content(wording: Wording) -> frozenset[str]:
    """Return the stems of the words of a headline that say something, without the names of the thing."""
    return _stems(wording.title) - _stems(" ".join(wording.names))


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem.rstrip("e") for stem in content_stems(text))
