"""Compares each statement of a text with the evidence, and reports where it says something else.

It knows no facts and guesses nothing: where a rule can't decide, it stays silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache

from services.notifier.drafting.meaning.figures import compare_figures
from services.notifier.drafting.meaning.finding import MeaningFinding, MeaningKind
from services.notifier.drafting.meaning.near_copy import compare_copy
from services.notifier.drafting.meaning.parties import compare_parties
from services.notifier.drafting.meaning.relations import are_opposite, are_similar, has_opposites
from services.notifier.drafting.meaning.statements import Statement, Word, find_all, has_any, lexicon, statements
from services.notifier.drafting.tokens import fold, tokens
from services.notifier.drafting.tone import blank_quotations

__all__ = ["check_certainty", "check_meaning"]

#: A statement of the evidence is only compared if it shares so many content words with the text's, or such a share.
_SHARED, _SHARE = 2, 0.3
#: The share of a statement's words that must stand in the evidence for its figures to be about the same.
_CLOSE = 0.3
#: The same for its negations.
_NEGATED = 0.6
#: The same for a finding to be certain.
_SURE = 0.6
#: How close a word of the evidence must stand to what it is about, to be compared at all (see ``_nearness``).
_NEAR = 0.4
#: The same for an opposite that only WordNet has: most words around it must be the same.
_NEAR_BY_WORDNET = 1.5
#: How much closer the opposite must be than the same.
_CLEARLY = 1.0
#: The same word counts more than another with the same meaning.
_SAME_WORD = 1.5
#: How much closer another number must stand to what it is about, to be the one that is meant.
_MISPLACED = 2.0

#: The letters that a word without its prefix has at least.
_BASE = 5
_PREFIX = re.compile(r"(?:un|in|im|il|ir|dis|non-?)(?=\w)")


def check_meaning(text: str, evidence: Sequence[str]) -> tuple[MeaningFinding, ...]:
    """Return where a statement of ``text`` says something else than ``evidence``, in order of appearance.

    Quotations are checked word by word elsewhere, so only what stands around them is compared.
    """
    own = blank_quotations(text)
    found: list[MeaningFinding] = list(check_certainty(own, evidence))
    known = tuple(statement for source in evidence for statement in statements(source))
    for statement in statements(own):
        copied = statement.text.rstrip(".")
        if any(copied in source for source in evidence):
            found += compare_copy(statement, [other for other in known if copied in other.text])
            continue
        near = [other for other in known if _is_near(statement, other)]
        if near:
            sure = any(_is_close(statement, other, _SURE) for other in near)
            findings = list(_check_statement(statement, near))
            named = {finding.words for finding in findings}
            findings += (finding for finding in compare_copy(statement, near) if finding.words not in named)
            found += (finding if sure else replace(finding, severity="warning") for finding in findings)
    return tuple(dict.fromkeys(found))


def _is_near(statement: Statement, other: Statement) -> bool:
    shared = len(statement.stems & other.stems)
    return shared >= _SHARED or shared >= _SHARE * len(statement.stems) > 0


def _is_close(statement: Statement, other: Statement, share: float = _CLOSE) -> bool:
    """Return whether most of what ``statement`` is about stands in ``other``."""
    words = {word.stem for word in statement.words if word.is_content and not word.text[0].isdigit()}
    return len(words & other.stems) >= share * len(words)


def check_certainty(text: str, evidence: Sequence[str] = ()) -> Iterator[MeaningFinding]:
    """Yield each promise or certainty in ``text`` that the evidence doesn't contain in the same words."""
    folded = " ".join(evidence).casefold()
    plain = text.replace("’", "'")
    for pattern in _certain():
        for match in pattern.finditer(plain):
            if match[0].casefold() not in folded:
                message = "It promises, or claims to know, what nobody can."
                yield MeaningFinding("certainty", "error", text[match.start() : match.end()], "", message)


def _check_statement(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    texts = [other.text for other in near]
    differ = bool(statement.negative) and not any(other.negative for other in near)
    differ = differ or _is_contrary(statement.text) != any(_is_contrary(other.text) for other in near)
    close = [other.text for other in near if _is_close(statement, other)]
    for fault in compare_figures(statement.text, texts, close, negations_differ=differ):
        yield MeaningFinding(fault.kind, "error", fault.words, fault.evidence, fault.message)
    yield from _opposites(statement, near)
    yield from _negations(statement, near)
    yield from _prefixes(statement, near)
    yield from _hedges(statement, near)
    yield from _quantities(statement, near)
    yield from _dates(statement, near)
    yield from _misplaced(statement, near)
    for kind, words, theirs, message in compare_parties(statement, near):
        yield MeaningFinding(kind, "error", words, theirs, message)


def _opposites(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield each word whose opposite stands in the evidence, near the same words."""
    for word in statement.words:
        if not (word.sides or has_opposites(word)) or _before_figure(statement, word):
            continue
        same, opposite, theirs = 0.0, 0.0, None
        for other in near:
            for candidate in other.words:
                side = _relation(word, candidate)
                if side == 0 or _before_figure(other, candidate):
                    continue
                score = _nearness(statement, word, other, candidate)
                if side > 0:
                    same = max(same, score * (_SAME_WORD if word.stem == candidate.stem else 1))
                elif score > opposite:
                    opposite, theirs = score, candidate
        if theirs is None or opposite <= same * _CLEARLY:
            continue
        if opposite < (_NEAR if _is_listed(word, theirs) else _NEAR_BY_WORDNET):
            continue
        if word.negated != theirs.negated and statement.negative and any(other.negative for other in near):
            continue
        if theirs.negated and not word.negated and _is_contrary(statement.text):
            continue
        denied = any(theirs in other.words and _is_contrary(_clause(other, theirs)) for other in near)
        if word.stem == theirs.stem and word.negated and denied:
            continue  # "denied that it would scrap it", "will not scrap it"
        if word.stem != theirs.stem and _is_other_side(statement, word, near, theirs):
            continue
        kind: MeaningKind = "negation" if word.negated or theirs.negated else "opposite"
        mine, yours = _shown(word), _shown(theirs)
        yield MeaningFinding(kind, "error", _plain(word), yours, f"The evidence says “{yours}”, the text “{mine}”.")


def _relation(word: Word, other: Word) -> int:
    """Return 1 if both say the same on some axis, -1 if they say the opposite, 0 if they can't be compared."""
    if word.stem == other.stem:
        return 1 if word.negated == other.negated else -1
    kin = lexicon()["kin"]
    relation = 0
    for axis, side in word.sides:
        for other_axis, other_side in other.sides:
            if other_axis != axis and other_axis not in kin.get(axis, ()):
                continue
            equal = side == other_side
            if word.negated != other.negated:
                equal = not equal
            if equal:
                return 1
            if other_axis == axis:
                relation = -1
    if relation == 0 and word.is_content and other.is_content:
        if are_opposite(word, other):
            return -1 if word.negated == other.negated else 1
        return int(word.negated == other.negated and are_similar(word, other))
    return relation


def _is_listed(word: Word, other: Word) -> bool:
    """Return whether the check's own axes compare the words."""
    return word.stem == other.stem or not {axis for axis, _ in word.sides}.isdisjoint(axis for axis, _ in other.sides)


def _nearness(statement: Statement, word: Word, other: Statement, candidate: Word) -> float:
    """Return how much of what stands near ``word`` also stands near ``candidate``: 0 if nothing does."""
    mine, theirs = _places(statement, word), _places(other, candidate)
    shared = [stem for stem in mine if stem in theirs]
    return sum(3 / (2 + mine[stem]) * 4 / (4 + theirs[stem]) for stem in shared)


@lru_cache(maxsize=8192)
def _places(statement: Statement, word: Word) -> dict[str, int]:
    """Return how far from ``word`` each other content word stands; words of other clauses are farther."""
    at = statement.words.index(word)
    places: dict[str, int] = {}
    for index, entry in enumerate(statement.words):
        if entry.is_content and entry is not word:
            distance = abs(index - at) + (5 if entry.clause != word.clause else 0)
            places[entry.stem] = min(places.get(entry.stem, distance), distance)
    return places


def _is_other_side(statement: Statement, word: Word, near: Sequence[Statement], theirs: Word) -> bool:
    """Return whether one sells and another buys: both say the same."""
    if not any(axis == "trade" for axis, _ in word.sides):
        return False
    names = [token for token in tokens(statement.text) if token.kind == "name" and token.start < word.start]
    if not names:
        return re.search(r"\b(?:is|are|was|were|be|been|can)\b", statement.text) is None
    owner = next(other for other in near if theirs in other.words)
    before = fold(owner.text[: theirs.start])
    return fold(names[-1].text).split()[0] not in before.split()


def _before_figure(statement: Statement, word: Word) -> bool:
    """Return whether ``word`` limits a figure, as in "more than 50", which is compared with the figure."""
    rest = statement.text[word.start + len(word.text) :]
    return re.match(r"\s(?:than\s)?(?:\w+\s)?[$€£]?\d", rest) is not None and word.text in (
        "more", "less", "fewer", "over", "under", "above", "below", "exceed", "up", "down"
    ) and (word.text not in ("up", "down"))  # fmt: skip


def _negations(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield each word that is negated here and not there, or the other way round."""
    for word in statement.words:
        if not word.is_content or word.sides or any(character.isdigit() for character in word.text):
            continue
        if word.shown[0].isupper() and word is not statement.words[0]:
            continue  # "no longer works for Halden" says nothing of Halden
        theirs = [(other, entry) for other in near for entry in other.words if entry.stem == word.stem]
        if not any(_is_close(statement, other, _NEGATED) for other, _ in theirs):
            continue
        if not theirs or any(entry.negated == word.negated for _, entry in theirs):
            continue
        if word.negated:
            if any(entry.clause in other.negative or _is_contrary(_clause(other, entry)) for other, entry in theirs):
                continue
        elif statement.negative or _is_contrary(statement.text):
            continue
        entry = theirs[0][1]
        mine, yours = _shown(word), _shown(entry)
        yield MeaningFinding(
            "negation", "error", _plain(word), yours, f"The evidence says “{yours}”, the text “{mine}”."
        )
        return


def _prefixes(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield "unlawful" for "lawful", and the other way round, unless either is negated."""
    theirs = {entry.text: entry for other in near for entry in other.words}
    mine = {entry.text for entry in statement.words}
    for word in statement.words:
        candidate = None if word.text in theirs else _unprefixed(word.text, theirs)
        if candidate is None or candidate.text in mine or candidate.negated != word.negated or statement.negative:
            continue
        said, known = _plain(word), _plain(candidate)
        yield MeaningFinding("negation", "error", said, known, f"The evidence says “{known}”, the text “{said}”.")
        return


def _unprefixed(word: str, theirs: Mapping[str, Word]) -> Word | None:
    """Return the word of the evidence that ``word`` is with or without a prefix that reverses it."""
    if word == "unconfirmed":
        return None  # our own caution
    start = _PREFIX.match(word)
    if start is not None and word not in lexicon()["not_opposites"] and len(word) >= start.end() + _BASE:
        return theirs.get(word[start.end() :])
    prefixed = (f"{prefix}{word}" for prefix in ("un", "in", "im", "il", "ir", "dis", "non", "non-"))
    found = next((theirs[entry] for entry in prefixed if entry in theirs), None) if len(word) >= _BASE else None
    return None if found is None or found.text in lexicon()["not_opposites"] else found


def _clause(statement: Statement, word: Word) -> str:
    """Return the words of the clause of ``word``."""
    return " ".join(entry.text for entry in statement.words if entry.clause == word.clause)


def _is_contrary(text: str) -> bool:
    """Return whether ``text`` denies something without a negation: "unaffected", "free of", "except"."""
    return has_any(text, lexicon()["contrary"]) is not None


def _hedges(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield a statement that says as fact or as done what the evidence only claims, expects or plans."""
    raw = lexicon()
    if has_any(statement.text, (*raw["unconfirmed"], *raw["planned"])) or statement.negative:
        return
    best = max(near, key=lambda other: len(statement.stems & other.stems))
    if len(statement.stems & best.stems) < 2:
        return
    attributed = has_any(statement.text, raw["attributed"])
    if attributed is None and (hearsay := has_any(best.text, raw["hearsay"])):
        message = f"The evidence says “{hearsay}”; the text says it as a fact."
        yield MeaningFinding("hedge", "error", statement.text, hearsay, message)
        return
    for entry, hedge in _hedged(best, tuple(raw["unconfirmed"])):
        mine = next((word for word in statement.words if word.is_content and word.stem == entry.stem), None)
        if mine is not None and attributed is None:
            message = f"The evidence says “{hedge} … {entry.text}”; the text says it as a fact."
            yield MeaningFinding("hedge", "error", _plain(mine), f"{hedge} {entry.text}", message)
            return
    for entry, hedge in _hedged(best, tuple(raw["planned"])):
        mine = next((word for word in statement.words if word.is_content and word.stem == entry.stem), None)
        if mine is not None and _is_done(statement, mine, entry):
            message = f"The evidence says “{hedge} {entry.text}”: it isn't done yet."
            yield MeaningFinding("hedge", "error", _plain(mine), f"{hedge} {entry.text}", message)
            return


def _hedged(statement: Statement, hedges: tuple[str, ...]) -> Iterator[tuple[Word, str]]:
    """Yield the words that a hedge of the statement is about: the next two content words, with the hedge."""
    for match in find_all(statement.text, hedges):
        if statement.text[match.end() :].startswith(" not ") or (match[0] == "May" and match.start()):
            continue  # "may not" forbids, "May" is a month
        after = [word for word in statement.words if word.start >= match.end() and word.is_content]
        if after:
            clause = after[0].clause
            yield from ((word, match[0]) for word in after[:2] if word.clause == clause)


def _is_done(statement: Statement, mine: Word, theirs: Word) -> bool:
    """Return whether ``mine`` is said as done: "has hired", "hired" for "hire"."""
    before = statement.text[: mine.start]
    if re.search(r"\b(?:has|have|had)\s(?:already\s|now\s|been\s)*$", before, re.IGNORECASE):
        return True
    return mine.text != theirs.text and (mine.text.endswith("ed") or mine.text in lexicon()["irregular"])


def _quantities(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield "all" for "some", "the whole" for "a part", and the like, said of the same thing."""
    groups: dict[str, list[str]] = lexicon()["quantities"]
    for group in ("all", "most", "some", "none"):
        words = has_any(statement.text, groups[group])
        if words is None or (group == "most" and has_any(statement.text, groups["all"])):
            continue
        for other in near:
            if len(statement.stems & other.stems) < 2 or has_any(other.text, groups[group]):
                continue
            against = {"all": ("some", "most"), "most": ("all", "some"), "some": ("all",), "none": ("most", "all")}[
                group
            ]
            theirs = next((found for name in against if (found := has_any(other.text, groups[name]))), None)
            if theirs is not None and (group == "none" or not statement.negative):
                message = f"The evidence says “{theirs}”, the text “{words}”."
                yield MeaningFinding("quantity", "error", words, theirs, message)
                return


def _dates(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield a day, month, season or quarter of which the evidence only has another."""
    whole = " ".join(other.text for other in near)
    for group in lexicon()["dates"]:
        mine = [match[0] for match in find_all(statement.text, tuple(group))]
        theirs = [match[0] for match in find_all(whole, tuple(group))]
        known = {_date(entry) for entry in theirs}
        for entry in mine:
            if known and _date(entry) not in known:
                message = f"The evidence says “{theirs[0]}”, the text “{entry}”."
                yield MeaningFinding("swap", "error", entry, theirs[0], message)
                return


def _misplaced(statement: Statement, near: Sequence[Statement]) -> Iterator[MeaningFinding]:
    """Yield a number or a day that the evidence says of something else, and another of this."""
    for word in statement.words:
        sort = _sort(word)
        if not sort:
            continue
        here, elsewhere, theirs = 0.0, 0.0, None
        for other in near:
            for candidate in other.words:
                if _sort(candidate) == sort:
                    score = _nearness(statement, word, other, candidate)
                    if candidate.text == word.text:
                        here = max(here, score)
                    elif score > elsewhere:
                        elsewhere, theirs = score, candidate
        if theirs is not None and here > 0 and elsewhere > here * _MISPLACED and elsewhere > 1:
            message = f"The evidence says “{_plain(theirs)}” of this, and “{_plain(word)}” of something else."
            yield MeaningFinding("swap", "warning", _plain(word), _plain(theirs), message)
            return


def _sort(word: Word) -> str:
    """Return what kind of thing ``word`` is, if it is one that is easily swapped; empty if not."""
    if word.text.replace(",", "").replace(".", "").isdigit():
        return "year" if len(word.text) == 4 and word.text[:2] in ("19", "20") else "number"
    return "day" if word.text in lexicon()["dates"][0] else "month" if word.text in lexicon()["dates"][1] else ""


def _date(entry: str) -> str:
    """Return ``entry`` in one spelling: "may" for "in May"."""
    folded = entry.casefold().replace("-", " ")
    return "may" if folded.endswith(" may") else folded


def _shown(word: Word) -> str:
    return f"not {_plain(word)}" if word.negated and not word.text.startswith("un") else _plain(word)


def _plain(word: Word) -> str:
    return word.shown.replace("_", " ")


@cache
def _certain() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(entry, re.IGNORECASE) for entry in lexicon()["certain"])
