"""Compares a statement that is nearly a copy of one in the evidence: words put in, left out, moved or replaced.

Among words that are otherwise the same, a single other word says what differs, also where no list knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache

from services.notifier.drafting.meaning.finding import MeaningFinding, MeaningKind
from services.notifier.drafting.meaning.relations import are_opposite, are_similar
from services.notifier.drafting.meaning.statements import Statement, Word, has_any, lexicon

__all__ = ["compare_copy"]

#: The share of a statement's words that stand in the evidence in the same order, for it to be nearly a copy.
_COPIED = 0.75
#: So many words must be the same.
_LEAST = 5
#: The most words that are put in the place of others.
_LONGEST = 3
#: Figures that differ by a smaller share are rounded.
_ROUNDED = 0.05
#: Words that say that nobody knows, beside those on the list of hearsay.
_RUMORED = ("reportedly", "allegedly", "rumor", "rumors", "rumored", "unconfirmed")
#: Possible there, said as certain or as done here.
_POSSIBLE = frozenset(("may", "might", "could"))
_CERTAIN = frozenset(("will", "is", "are", "was", "were", "has", "have", "had", "does", "did", "would"))
Words = Sequence[Word]


def compare_copy(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield what was changed in a near copy of a statement of the evidence."""
    mine = [word.text for word in statement.words]
    for other in near:
        matcher = SequenceMatcher(None, mine, [word.text for word in other.words], autojunk=False)
        same = sum(block.size for block in matcher.get_matching_blocks())
        if same < _LEAST or same < _COPIED * len(mine):
            continue
        changes = [
            (statement.words[start:end], other.words[their_start:their_end])
            for tag, start, end, their_start, their_end in matcher.get_opcodes()
            if tag != "equal"
        ]
        found = _hedged(statement, changes) or _moved(statement, changes, other)
        if found is not None:
            yield found
        for said, known in changes:
            if said and known and max(len(said), len(known)) <= _LONGEST and found is None:
                yield from _replaced(said, known, other)
        return


def _hedged(statement: Statement, changes: Sequence[tuple[Words, Words]]) -> MeaningFinding | None:
    """Return a rumor of which the statement leaves out that it is one, or "will" in the place of "may"."""
    for said, known in changes:
        if said and len(known) == 1 and known[0].text in _POSSIBLE and {word.text for word in said} <= _CERTAIN:
            may, will = known[0].shown, said[0].shown
            return MeaningFinding("hedge", "warning", will, may, f"The evidence says “{may}”, the text “{will}”.")
    every = (*lexicon()["hearsay"], *_RUMORED)
    if has_any(statement.text, (*every, *lexicon()["unconfirmed"], *lexicon()["attributed"])):
        return None
    for _, known in changes:
        left_out = " ".join(word.shown.replace("_", " ") for word in known)
        if hedge := has_any(left_out, every):
            message = f"The evidence says “{hedge}”; the text says the same as a fact."
            return MeaningFinding("hedge", "warning", statement.text, hedge, message)
    return None


def _moved(statement: Statement, changes: Sequence[tuple[Words, Words]], other: Statement) -> MeaningFinding | None:
    """Return a name that stands at another place among the same words, unless the sentence became passive."""
    mine = [word for said, _ in changes if len(said) <= _LONGEST for word in said]
    theirs = {word.text for _, known in changes if len(known) <= _LONGEST for word in known}
    if "by" in theirs or any(word.text == "by" for word in mine):
        return None
    end = statement.text.find("(") if "(" in statement.text else len(statement.text)  # a byline may follow
    names = [word for word in mine if word.text in theirs and word.shown[0].isupper() and _tells(word)]
    moved = next((word for word in names if word.start < end), None)
    if moved is None:
        return None
    message = f"“{moved.shown}” stands elsewhere in the evidence: who does it to whom may be mixed up."
    return MeaningFinding("agent", "warning", moved.shown, other.text, message)


def _replaced(mine: Words, theirs: Words, other: Statement) -> Iterator[MeaningFinding]:
    """Yield words in the place of others that are neither other forms of them nor known to mean the same."""
    said, known = ([word for word in words if _tells(word)] for words in (mine, theirs))
    if not said or not known or (len(said) != len(known) and not _are_names([*said, *known])):
        return
    word, candidate = said[0], known[0]
    if word.stem == candidate.stem or are_similar(word, candidate) or not set(word.sides).isdisjoint(candidate.sides):
        return
    kind: MeaningKind = "swap"
    if _has_digit(word) or _has_digit(candidate):
        if not _are_other_figures(word.text, candidate.text) or any(word.text == entry.text for entry in other.words):
            return
        kind = "number"
    elif are_opposite(word, candidate) or _axes(word) & _axes(candidate):
        kind = "opposite"
    elif not _are_names([*said, *known]) or {entry.text[0] for entry in said} & {entry.text[0] for entry in known}:
        return  # perhaps another word for the same, or a short form
    elif any(word.text == entry.text for entry in other.words):
        kind = "agent"
    said_words, known_words = (" ".join(entry.shown for entry in words).replace("_", " ") for words in (said, known))
    message = f"Where the evidence says “{known_words}”, the text says “{said_words}”."
    yield MeaningFinding(kind, "error" if kind == "opposite" else "warning", said_words, known_words, message)


def _are_other_figures(first: str, second: str) -> bool:
    """Return whether both are figures, and neither is the other rounded."""
    if not (any(map(str.isdigit, first)) and any(map(str.isdigit, second))):
        return False
    try:
        one, two = float(first.replace(",", "")), float(second.replace(",", ""))
    except ValueError:
        return True
    is_year = len(first) == len(second) == 4 and first[:2] in ("19", "20") and second[:2] in ("19", "20")
    return one != two and (is_year or abs(one - two) > _ROUNDED * max(one, two))


def _has_digit(word: Word) -> bool:
    return any(map(str.isdigit, word.text))


def _are_names(words: Words) -> bool:
    return all(word.shown[0].isupper() for word in words)


@cache
def _empty() -> frozenset[str]:
    return frozenset(lexicon()["empty"])


def _tells(word: Word) -> bool:
    return (word.is_content or _has_digit(word)) and word.text not in _empty()


def _axes(word: Word) -> set[str]:
    return {axis for axis, _ in word.sides}
