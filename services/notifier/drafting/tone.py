"""Reads a message as a careful colleague would: what is out of tone, and what to write instead.

Words within quotation marks are the source's, not ours: apart from curse words they are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from schemas.clients import Client
from schemas.drafts import Finding
from services.notifier.drafting.data import shipped_yaml
from services.notifier.drafting.grammar import grammar
from services.notifier.drafting.languages import in_another_language
from services.notifier.drafting.readability import too_hard
from services.notifier.drafting.slips import slips
from services.notifier.drafting.spelling import misspelt

__all__ = ["EMOJI", "MAX_WORDS", "QUOTATION", "count_words", "own_words", "reading_seconds", "review"]

#: Agreed with account managers: what a client reads in under a minute.
MAX_WORDS = 150
#: Silent reading of English non-fiction, 238 words a minute: Brysbaert, Journal of Memory and Language 109 (2019).
WORDS_PER_MINUTE = 238
#: Pictographs, dingbats, flags and their joiners.
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a-\u231b\u23e9-\u23fa\u200d\ufe0f]+")
#: A passage within double quotation marks of any style.
QUOTATION = re.compile(r"“([^“”]*)”|\"([^\"\n]*)\"|«([^«»]*)»|„([^„“”]*)[“”]")
_SMILEY = re.compile(r"(?<!\w)[:;]-?[)(DP](?!\w)")
_CAPITALS = re.compile(r"\b[A-ZÀ-Þ]{5,}\b")
_SHOUTING = re.compile(r"\b[A-ZÀ-Þ]{2,}(?:\s+[A-ZÀ-Þ]{2,}){2,}\b")


@dataclass(frozen=True, slots=True)
class _Words:
    rule: str
    severity: Literal["error", "warning"]
    message: str
    in_quotes: bool
    pattern: re.Pattern[str]
    fixes: dict[str, str]
    hints: frozenset[str]
    stems: tuple[str, ...]

    def may_stand_in(self, runs: frozenset[str]) -> bool:
        """Whether it is worth looking: one of ``runs`` (a text's words, lower case) is a word of some entry."""
        return not self.hints.isdisjoint(runs) or (bool(self.stems) and any(run.startswith(self.stems) for run in runs))


def count_words(text: str) -> int:
    """Words as a reader counts them: what stands between spaces and holds a letter or a digit."""
    return sum(any(character.isalnum() for character in word) for word in text.split())


def reading_seconds(words: int) -> int:
    """How long ``words`` take to read silently, rounded up to a second."""
    return -(-words * 60 // WORDS_PER_MINUTE)


def review(text: str, client: Client, *, closely: bool = False) -> tuple[Finding, ...]:
    """What should be fixed in ``text``, a message (without signature) to ``client``, in the order of the rules.

    ``closely`` looks at its grammar as well, which takes longer: for what a person wrote.
    """
    text = text.replace("’", "'")  # one apostrophe for all lists
    own = own_words(text)
    unnamed = _without_names(own, client)
    slipped = tuple(slips(_without_names(own, client, "X")))
    twice = {slip.text for slip in slipped}  # what is said of these once is enough
    return (
        *in_another_language(own, client, closely=closely),
        *_listed(text, own),
        *_jargon(unnamed, client),
        *misspelt(unnamed, client),
        *slipped,
        *(fault for fault in (grammar(own) if closely else ()) if fault.text not in twice),
        *too_hard(unnamed, client),
        *_looks(text, unnamed),
        *_length(text),
    )


def own_words(text: str) -> str:
    """``text`` with what others said in it blanked."""
    return QUOTATION.sub(lambda match: "“" + " " * (len(match[0]) - 2) + "”", text)


def _listed(text: str, own: str) -> Iterator[Finding]:
    runs = _runs(text)
    for words in _tone_words():
        if not words.may_stand_in(runs):
            continue
        for match in words.pattern.finditer(text if words.in_quotes else own):
            # What a source said stays its own; that it swears is only pointed out.
            quoted = words.in_quotes and own[match.start() : match.end()].strip() == ""
            yield _finding(words, match[0], "warning" if quoted else words.severity)


def _jargon(own: str, client: Client) -> Iterator[Finding]:
    levels = {"plain": ("some", "expert"), "some": ("expert",), "expert": ()}[client.jargon]
    runs = _runs(own)
    theirs = " ".join(f"{desire.name} {desire.words or ''}" for desire in client.desires).replace("_", " ").casefold()
    for words in _jargon_words(client.trade):
        if words.rule in levels and words.may_stand_in(runs):
            for match in words.pattern.finditer(own):
                if match[0].casefold() in theirs:  # they say so themselves
                    continue
                found = _finding(words, match[0], "warning")
                yield found.model_copy(update={"rule": "jargon"})


def _finding(words: _Words, text: str, severity: Literal["error", "warning"]) -> Finding:
    known = words.fixes.get(text.casefold())
    if known is None:
        known = next((fix for entry, fix in words.fixes.items() if text.casefold().startswith(entry.rstrip("*"))), "")
    fix = f"Write “{known}”." if known and "…" not in known else f"Ask instead: {known}" if known else "Leave it out."
    return Finding(rule=words.rule, text=text, message=words.message, mend=fix, severity=severity)


def _looks(text: str, own: str) -> Iterator[Finding]:
    for match in (*EMOJI.finditer(text), *_SMILEY.finditer(own)):
        yield Finding(rule="emoji", text=match[0], message="An emoji.", mend="Leave it out.", severity="error")
    for match in re.finditer(r"!+", own):
        message = "An exclamation mark raises the voice."
        yield Finding(
            rule="exclamation", text=match[0], message=message, mend="End with a full stop.", severity="error"
        )
    for match in _SHOUTING.finditer(own):
        message = "Words in capitals shout."
        yield Finding(rule="capitals", text=match[0], message=message, mend="Use lower case.", severity="error")
    shouting = [match.span() for match in _SHOUTING.finditer(own)]
    for match in _CAPITALS.finditer(own):
        if not any(start <= match.start() < end for start, end in shouting):
            message = "A word in capitals shouts, unless it is a name."
            yield Finding(rule="capitals", text=match[0], message=message, mend="Use lower case if it is no name.")
    if (asked := text.count("?")) > 1:
        message = f"It asks {asked} questions; one is answered, the others are lost."
        fix = "Keep the question that matters most, at the end."
        yield Finding(rule="questions", text="?", message=message, mend=fix, severity="error")


def _length(text: str) -> Iterator[Finding]:
    if (words := count_words(text)) > MAX_WORDS:
        message = f"It has {words} words; clients read up to {MAX_WORDS}."
        yield Finding(rule="length", text="", message=message, mend="Leave out what can wait.", severity="error")


def _without_names(text: str, client: Client, mark: str = " ") -> str:
    """``text`` with ``mark`` for names of the client's book: one may be in capitals, or hold an exclamation mark."""
    names = [name for watch in client.watches for name in (watch.name, *watch.aliases, *watch.tickers)]
    names += [client.name, client.organisation or ""]
    for name in sorted({name for name in names if name}, key=lambda name: (-len(name), name)):
        text = text.replace(name, mark * len(name))
    return text


@cache
def _tone_words() -> tuple[_Words, ...]:
    raw: dict[str, dict[str, Any]] = shipped_yaml("words", "tone.yaml")
    return tuple(
        _words(rule, entry["severity"], entry["message"], entry.get("in_quotes", False), entry["entries"])
        for rule, entry in raw.items()
    )


@cache
def _jargon_words(trade: str) -> tuple[_Words, ...]:
    raw: dict[str, dict[str, str]] = shipped_yaml("words", "jargon.yaml")[trade]
    message = "A word of the trade that this client may not know."
    return tuple(_words(level, "warning", message, False, entries) for level, entries in raw.items())


def _words(
    rule: str, severity: Literal["error", "warning"], message: str, in_quotes: bool, entries: dict[str, str]
) -> _Words:
    longest_first = sorted(entries, key=lambda entry: (-len(entry), entry))
    either = "|".join(re.escape(entry).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for entry in longest_first)
    pattern = re.compile(rf"(?<![\w’'-])(?:{either})(?![\w-]|\.\w)", re.IGNORECASE)
    fixes = {key.casefold(): fix for key, fix in entries.items()}
    # The longest word of an entry is its rarest, most likely.
    hints = {entry: max(re.findall(r"[^\W_]+", entry.rstrip("*")), key=len) for entry in fixes}
    stems = tuple(sorted(hint for entry, hint in hints.items() if entry.endswith("*") and entry.startswith(hint)))
    return _Words(rule, severity, message, in_quotes, pattern, fixes, frozenset(hints.values()), stems)


def _runs(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.casefold()))
