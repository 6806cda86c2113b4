"""Compares who did what to whom, and who is said to have done or been what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from services.notifier.drafting.meaning.statements import Statement, lexicon, stem_of
from services.notifier.drafting.tokens import fold, tokens

__all__ = ["compare_parties"]

_BY = re.compile(r"^(?:\s[\w,.]+){0,6}?\sby\s(?:the\s)?$", re.IGNORECASE)
_FROM = re.compile(r"^(?:\s[\w,.]+){0,6}?\sfrom\s(?:the\s)?$", re.IGNORECASE)
_BE = re.compile(r"\b(?:was|were|is|are|be|been|being)\s(?:\w+\s){0,2}$", re.IGNORECASE)
#: The names after a verb to which it may have been done.
_OBJECTS = 3


@dataclass(frozen=True, slots=True)
class _Act:
    """A verb with the name of who does it, and the names of those to whom it may be done."""

    verb: str
    who: str
    whom: tuple[str, ...]
    text: str


def compare_parties(
    statement: Statement, near: Sequence[Statement]
) -> Iterator[tuple[Literal["agent", "swap"], str, str, str]]:
    """Yield (kind, words, evidence's words, message) for each act that the evidence ascribes to another."""
    theirs = [act for other in near for act in _acts(other.text)]
    seen: set[str] = set()
    for act in _acts(statement.text):
        matching = [other for other in theirs if other.verb == act.verb]
        if not act.who or not matching or any(_same(act.who, other.who) for other in matching):
            continue
        for other in matching:
            if any(_same(act.who, name) for name in other.whom) and act.who not in seen:
                seen.add(act.who)
                who = other.who or "another"
                message = f"In the evidence it is {who} who does it (“{other.text}”), not {act.who}."
                yield "agent", act.who, other.who or other.text, message
                break
    if not seen:
        yield from _swapped(statement, near)


def _swapped(statement: Statement, near: Sequence[Statement]) -> Iterator[tuple[Literal["swap"], str, str, str]]:
    """Yield a name that stands for another: the evidence says it of the other, in a clause of its own."""
    names = [token for token in tokens(statement.text) if token.kind == "name"]
    if len(names) != 1:
        return
    mine = names[0].text
    own = {word.stem for word in statement.words if word.is_content} - set(map(stem_of, fold(mine).split()))
    clauses = [
        (text, _names(text)) for other in near for text in re.split(r"[,;]\s|\s(?:and|while|but|whereas)\s", other.text)
    ]
    scores: list[tuple[int, str, tuple[str, ...]]] = []
    for text, present in clauses:
        stems = set(map(stem_of, re.findall(r"[^\W_]+", text)))
        scores.append((len(own & stems), text, present))
    with_mine = [score for score, _, present in scores if any(_same(mine, name) for name in present)]
    if not with_mine:
        return
    for score, text, present in sorted(scores, key=lambda entry: -entry[0]):
        if score >= 2 and max(with_mine) == 0 and len(present) == 1 and not any(_same(mine, name) for name in present):
            message = f"The evidence says it of {present[0]} (“{text.strip()}”), not of {mine}."
            yield "swap", mine, present[0], message
            return


def _names(text: str) -> tuple[str, ...]:
    return tuple(token.text for token in tokens(text) if token.kind == "name")


@lru_cache(maxsize=1024)
def _acts(text: str) -> tuple[_Act, ...]:
    """Return each act in ``text`` that has a name of who does it."""
    names = [token for token in tokens(text) if token.kind == "name"]
    found: list[_Act] = []
    for match in _verbs().finditer(text):
        if any(name.start <= match.start() < name.start + len(name.text) for name in names):
            continue
        verb = _verb_of(match[0])
        before = [name for name in names if name.start < match.start()]
        after = [name for name in names if name.start > match.start()]
        source = next((name for name in after if _FROM.match(text[match.end() : name.start])), None)
        agent = next((name for name in after if _BY.match(text[match.end() : name.start])), None)
        if agent is not None:
            between = [name for name in after if name.start < agent.start]
            whom = tuple(name.text for name in (*before[-_OBJECTS:], *between))
            found.append(_Act(verb, agent.text, whom, match[0]))
        elif _BE.search(text[: match.start()]) and not match[0].endswith("ing"):
            continue  # passive without one who does it
        elif source is not None and verb in ("order", "offer"):
            found.append(_Act(verb, source.text, tuple(name.text for name in before[-1:]), match[0]))
        elif before or len(after) > 1:
            who = before[-1].text if before else ""
            found.append(_Act(verb, who, tuple(name.text for name in after[:_OBJECTS]), match[0]))
    return tuple(found)


def _same(first: str, second: str) -> bool:
    if not first or not second:
        return False
    one, other = fold(first), fold(second)
    return one in other or other in one


@cache
def _verbs() -> re.Pattern[str]:
    forms: set[str] = set()
    for group in lexicon()["acts"]:
        for base in group:
            base = base.replace("_", " ")
            forms |= {base, f"{base}s", f"{base}ed", f"{base}d", f"{base}ing", f"{base[:-1]}ing", f"{base}es"}
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, forms), key=len, reverse=True))})\b", re.IGNORECASE)


@cache
def _verb_of(form: str) -> str:
    folded = form.casefold()
    for group in lexicon()["acts"]:
        for base in (entry.replace("_", " ") for entry in group):
            if folded in {base, f"{base}s", f"{base}ed", f"{base}d", f"{base}ing", f"{base[:-1]}ing", f"{base}es"}:
                return str(group[0])
    return folded
