"""Proofreads a message: reports what is out of tone, and what to write instead.

Quoted words are the source's, not ours, so only curse words are reported in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from schemas.clients import Client
from schemas.drafts import Finding
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.grammar import check_grammar
from services.notifier.drafting.languages import check_language
from services.notifier.drafting.readability import check_readability
from services.notifier.drafting.spelling import check_spelling
from services.notifier.drafting.typos import check_typos
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition

__all__ = ["EMOJI", "MAX_WORDS", "QUOTATION", "blank_quotations", "count_words", "reading_seconds", "review"]

#: Agreed with account managers: a client reads this in less than a minute.
MAX_WORDS = 150
#: Silent reading of English nonfiction: Brysbaert, Journal of Memory and Language 109 (2019).
WORDS_PER_MINUTE = 238
#: Pictographs, dingbats, flags and their joiners.
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a-\u231b\u23e9-\u23fa\u200d\ufe0f]+")
#: A passage in double quotation marks of any style.
QUOTATION = re.compile(r"“([^“”]*)”|\"([^\"\n]*)\"|«([^«»]*)»|„([^„“”]*)[“”]")
_SMILEY = re.compile(r"(?<!\w)[:;]-?[)(DP](?!\w)")
_CAPITALS = re.compile(r"\b[A-ZÀ-Þ]{5,}\b")
_SHOUTING = re.compile(r"\b[A-ZÀ-Þ]{2,}(?:\s+[A-ZÀ-Þ]{2,}){2,}\b")


@dataclass(frozen=True, slots=True)
class _WordRule:
    code: str
    severity: Literal["error", "warning"]
    message: str
    in_quotes: bool
    pattern: re.Pattern[str]
    fixes: dict[str, str]
    hints: frozenset[str]
    stems: tuple[str, ...]

    def fix_of(self, text: str) -> str:
        """Return what the list has beside the entry that matched ``text``."""
        known = self.fixes.get(text.casefold())
        if known is not None:
            return known
        return next((fix for entry, fix in self.fixes.items() if text.casefold().startswith(entry.rstrip("*"))), "")

    def may_match(self, words: frozenset[str]) -> bool:
        """Return whether a search may find anything in a text with these words (in lower case)."""
        if not self.hints.isdisjoint(words):
            return True
        return bool(self.stems) and any(word.startswith(self.stems) for word in words)


def count_words(text: str) -> int:
    """Count words as a reader does: what is between spaces and contains a letter or a digit."""
    return sum(any(character.isalnum() for character in word) for word in text.split())


def reading_seconds(words: int) -> int:
    """Return how many seconds it takes to read ``words`` silently, rounded up."""
    return -(-words * 60 // WORDS_PER_MINUTE)


def review(
    text: str, client: Client, trade: TradeDefinition | None = None, *, closely: bool = False
) -> tuple[Finding, ...]:
    """Report what should be fixed in ``text``, a message (without signature) to ``client``, in the order of the rules.

    ``trade`` is the client's (default: as it ships): its jargon, and words that it avoids or forbids, are reported.
    ``closely`` checks the grammar as well, which takes longer. It is for text that a person wrote.
    """
    trade = trade or Trades.shipped().of(client.trade)
    text = text.replace("’", "'")  # one apostrophe for all lists
    own = blank_quotations(text)
    unnamed = _without_names(own, client)
    typos = tuple(check_typos(_without_names(own, client, "X")))
    reported = {typo.text for typo in typos}
    return (
        *check_language(own, client, closely=closely),
        *_tone(text, own),
        *_trade_words(unnamed, trade),
        *_jargon(unnamed, client, trade),
        *check_spelling(unnamed, client),
        *typos,
        *(finding for finding in (check_grammar(own) if closely else ()) if finding.text not in reported),
        *check_readability(unnamed, client),
        *_looks(text, unnamed),
        *_length(text),
    )


def blank_quotations(text: str) -> str:
    """Return ``text`` with its quotations replaced by spaces."""
    return QUOTATION.sub(lambda match: "“" + " " * (len(match[0]) - 2) + "”", text)


def _tone(text: str, own: str) -> Iterator[Finding]:
    words = _words_in(text)
    for rule in _tone_rules():
        if not rule.may_match(words):
            continue
        for match in rule.pattern.finditer(text if rule.in_quotes else own):
            if len(match[0]) == 1 and own[: match.start()].endswith("."):
                continue  # a letter of "E.U."
            # A quotation is not changed, so a curse word in it is only a warning.
            quoted = rule.in_quotes and own[match.start() : match.end()].strip() == ""
            yield _finding(rule, match[0], "warning" if quoted else rule.severity)


def _jargon(own: str, client: Client, trade: TradeDefinition) -> Iterator[Finding]:
    levels = {"plain": ("some", "expert"), "some": ("expert",), "expert": ()}[client.jargon]
    words = _words_in(own)
    desires = " ".join(f"{desire.name} {desire.words or ''}" for desire in client.desires)
    used_by_client = desires.replace("_", " ").casefold()
    message = "Jargon that this client may not know."
    for level, entries in trade.jargon.items():
        rule = _cached_rule(level, "warning", message, tuple(entries.items()))
        if level in levels and rule.may_match(words):
            for match in rule.pattern.finditer(own):
                if match[0].casefold() in used_by_client:
                    continue
                yield _finding(rule, match[0], "warning").model_copy(update={"rule": "jargon"})


def _trade_words(own: str, trade: TradeDefinition) -> Iterator[Finding]:
    """Report words that the trade avoids, and those that it must never say."""
    words = _words_in(own)
    message = f"Out of tone in this trade ({trade.name})."
    avoided = _cached_rule("trade_tone", "error", message, tuple(trade.tone.items()))
    forbidden = _cached_rule("compliance", "error", "", tuple(trade.never.items()))
    if avoided.may_match(words):
        yield from (_finding(avoided, match[0], "error") for match in avoided.pattern.finditer(own))
    if forbidden.may_match(words):
        for match in forbidden.pattern.finditer(own):
            why = f"This must not be said to a {trade.people.one}. {forbidden.fix_of(match[0])}".strip()
            yield Finding(rule="compliance", text=match[0], message=why, mend="Leave it out.", severity="error")


def _finding(rule: _WordRule, text: str, severity: Literal["error", "warning"]) -> Finding:
    known = rule.fix_of(text)
    fix = f"Write “{known}”." if known and "…" not in known else f"Ask instead: {known}" if known else "Leave it out."
    return Finding(rule=rule.code, text=text, message=rule.message, mend=fix, severity=severity)


def _looks(text: str, own: str) -> Iterator[Finding]:
    for match in (*EMOJI.finditer(text), *_SMILEY.finditer(own)):
        yield Finding(rule="emoji", text=match[0], message="An emoji.", mend="Leave it out.", severity="error")
    for match in re.finditer(r"!+", own):
        message = "An exclamation mark sounds loud."
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
            yield Finding(rule="capitals", text=match[0], message=message, mend="Use lower case, unless it is a name.")
    if (asked := text.count("?")) > 1:
        message = f"It asks {asked} questions. Readers answer one and skip the others."
        fix = "Keep the question that matters most, at the end."
        yield Finding(rule="questions", text="?", message=message, mend=fix, severity="error")


def _length(text: str) -> Iterator[Finding]:
    if (words := count_words(text)) > MAX_WORDS:
        message = f"It has {words} words; clients read at most {MAX_WORDS}."
        yield Finding(rule="length", text="", message=message, mend="Leave out what can wait.", severity="error")


def _without_names(text: str, client: Client, mark: str = " ") -> str:
    """Replace names from the client's book by ``mark``: they may be in capitals or contain an exclamation mark."""
    names = [name for watch in client.watches for name in (watch.name, *watch.aliases, *watch.tickers)]
    names += [client.name, client.organisation or ""]
    for name in sorted({name for name in names if name}, key=lambda name: (-len(name), name)):
        text = text.replace(name, mark * len(name))
    return text


@cache
def _tone_rules() -> tuple[_WordRule, ...]:
    raw: dict[str, dict[str, Any]] = read_yaml("words", "tone.yaml")
    return tuple(
        _word_rule(code, entry["severity"], entry["message"], entry.get("in_quotes", False), entry["entries"])
        for code, entry in raw.items()
    )


@lru_cache(maxsize=256)
def _cached_rule(
    code: str, severity: Literal["error", "warning"], message: str, entries: tuple[tuple[str, str], ...]
) -> _WordRule:
    """Return the rule for words of a trade's file, outside quotations only."""
    return _word_rule(code, severity, message, False, dict(entries))


def _word_rule(
    code: str, severity: Literal["error", "warning"], message: str, in_quotes: bool, entries: dict[str, str]
) -> _WordRule:
    longest_first = sorted(entries, key=lambda entry: (-len(entry), entry))
    either = "|".join(re.escape(entry).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for entry in longest_first)
    pattern = re.compile(rf"(?<![\w’'-])(?:{either})(?![\w-]|\.\w)", re.IGNORECASE)
    fixes = {key.casefold(): fix for key, fix in entries.items()}
    # The longest word of an entry is most likely its rarest.
    hints = {entry: max(re.findall(r"[^\W_]+", entry.rstrip("*")), key=len) for entry in fixes}
    stems = tuple(sorted(hint for entry, hint in hints.items() if entry.endswith("*") and entry.startswith(hint)))
    return _WordRule(code, severity, message, in_quotes, pattern, fixes, frozenset(hints.values()), stems)


def _words_in(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.casefold()))
