"""Decides whether a text says what another says: in the same words, or in phrases that are listed as equivalent (pure).

Nothing is judged by its meaning. Whatever is not listed in words/equivalents.yaml must stand in the text as it stands
in the source, in the same order. So no word can come in that the source does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.notifier.drafting.data_files import read_yaml

__all__ = [
    "headline_says_the_same",
    "is_one_sentence",
    "news_says_the_same",
    "opinion_says_the_same",
    "says_the_same",
    "split_advice",
    "strange_word",
]

_TOKEN = re.compile(r"\[[a-z]\d+\]|[^\W_]+(?:['.&/-][^\W_]+)*|'s\b|[.?!]+|\S")
_MARK = re.compile(r"\[[a-z]\d+\]")
_QUOTES = str.maketrans(dict.fromkeys('“”"„«»', " ") | {"’": "'", "‘": "'"})
_PAUSES = frozenset((",", ":", "–", "—", "-", "(", ")"))
_ARTICLES = frozenset(("a", "an", "the"))
_ARTICLE = "(?:(?:a|an|the) )?"
_COMMA = "(?:[,;] )?"
#: Between two sentences that may become one.
_BETWEEN = r"(?:[.;] |(?:, )?and )"
#: With these, a sentence denies something.
_DENIALS = frozenset(("not", "no", "never", "cannot", "nor", "neither", "none", "nobody", "nothing", "without"))
#: After a verb in the past, these show that somebody else did it: "the unit sold to …".
_AFTER_PARTICIPLE = frozenset(
    (
        ",",
        "by",
        "to",
        "in",
        "over",
        "for",
        "from",
        "with",
        "at",
        "on",
        "as",
        "after",
        "during",
        "under",
        "into",
        "and",
        "or",
    )
)
#: More words than this name no source.
_NAME_WORDS = 12
#: Before a verb, these say that it has not happened, or not yet.
_NOT_DONE = frozenset(("will", "to", "may", "might", "could", "would", "should", "be", "not", "never", "if", "plans"))
#: After these, a verb that looks like the past is something else.
_HELPERS = frozenset(
    ("is", "are", "was", "were", "been", "being", "has", "have", "had", "having", "did", "by", "get", "got")
)


@dataclass(frozen=True, slots=True)
class _Facts:
    """Facts of a report besides its headline: verbs of what has happened, and nouns that something has ("its …").

    ``headline``: the sentence is one, so its verbs may be in the present tense for what has happened.
    """

    headline: bool = True
    done: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()

    @classmethod
    def of(cls, reports: Sequence[str]) -> _Facts:
        done, owned = set[str](), set[str]()
        for report in reports:
            told = _tokens(report)
            for at, token in enumerate(told):
                if _NOT_DONE.isdisjoint(told[max(0, at - 2) : at]):
                    done.add(token)
                if at and told[at - 1] in ("its", "their"):
                    owned.add(token)
        return cls(done=frozenset(done), owned=frozenset(owned))


@dataclass(frozen=True, slots=True)
class _Attribution:
    """A sentence of the news: who reports it, whom they cite, the verb, and what they say."""

    who: list[str]
    cited: list[str]
    verb: str
    said: list[str]

    @classmethod
    def of(cls, who: list[str], verb: str, said: list[str]) -> _Attribution | None:
        """Return the attribution; None if ``who`` names nobody, or more than can be told apart."""
        cited: list[str] = []
        if "citing" in who:
            at = who.index("citing")
            who, cited = who[:at], who[at + 1 :]
        who, cited = (names[:-1] if names[-1:] == [","] else names for names in (who, cited))
        named = who and len(who) <= _NAME_WORDS and len(cited) <= _NAME_WORDS and "," not in (*who, *cited)
        if not named or not said or said[0] in ("which", "who", "citing"):
            return None
        return cls(who, cited, verb, said)


def says_the_same(text: str, source: str) -> bool:
    """Return whether ``text`` says what ``source`` says, sentence by sentence."""
    return _is_one_of(text, [_joined(_plain(sentence) for sentence in _sentences(source))])


def headline_says_the_same(text: str, title: str, reports: Sequence[str] = ()) -> bool:
    """Return the same for a headline: its present tense may become the past that ``reports`` have."""
    facts = _Facts.of(reports)
    return _is_one_of(text, [_joined(_plain(sentence, facts) for sentence in _sentences(title))])


def opinion_says_the_same(text: str, source: str) -> bool:
    """Return the same for an opinion, whose basis, advice and reason may change places within their sentence."""
    patterns = [_opinion(sentence) or _plain(sentence) for sentence in _sentences(source)]
    return _is_one_of(text, [_joined(patterns)])


def news_says_the_same(text: str, source: str, titles: Sequence[str] = (), reports: Sequence[str] = ()) -> bool:
    """Return the same for news, in which the name of who reports it may change its place.

    ``titles`` are the headlines of the evidence. ``reports`` are sentences of the first report, which may stand in
    place of its headline.
    """
    headlines = [" ".join(_tokens(title)) for title in titles]
    alternatives = [tokens for report in reports for tokens in _sentences(report, ends=(".",))[:1]]
    facts = _Facts.of([report for report in reports if " ".join(_tokens(report)) not in headlines])

    def pattern(tokens: list[str]) -> str:
        return _plain(tokens, facts if is_headline(tokens) else _Facts(headline=False))

    def is_headline(tokens: list[str]) -> bool:
        return any(" ".join(tokens) in headline for headline in headlines)

    patterns, replaceable = [], True
    for sentence in _sentences(source, ends=(".",)):
        told = _attributed(sentence)
        if told is None:
            patterns.append(pattern(sentence))
            continue
        said_by = [told.said, *alternatives] if replaceable and is_headline(told.said) else [told.said]
        replaceable = False
        saying = "|".join(pattern(tokens) for tokens in said_by)
        patterns.append(_with_source(told, f"(?:{saying})"))
    return _is_one_of(text, [_joined(patterns)])


def split_advice(source: str) -> tuple[str, str] | None:
    """Return the action and the reason in an opinion's first sentence; None if it has another form."""
    match = re.match(r"^.+?\bconsider(?:ing)? (.+?),? because (.+?)[.;]?(?:\s+Should\b.*)?$", source, re.DOTALL)
    return None if match is None else (match[1], match[2])


def is_one_sentence(text: str) -> bool:
    """Return whether ``text`` has no second sentence, nor a second clause after a semicolon."""
    return len(_sentences(text)) < 2


def strange_word(text: str, sources: Iterable[str]) -> str | None:
    """Return the first word of ``text`` that neither a source nor any listed phrase has, to explain a refusal."""
    known = {token for source in sources for token in _tokens(source)} | _listed_words() | _ARTICLES
    return next((token for token in _tokens(text) if token not in known and token[0].isalnum()), None)


def _is_one_of(text: str, patterns: Iterable[str]) -> bool:
    said = " ".join([*_tokens(text), ""])
    return any(re.fullmatch(pattern, said) is not None for pattern in patterns)


def _tokens(text: str) -> list[str]:
    """Return the words, marks and punctuation of ``text``: in lower case, without quotation marks and contractions."""
    short: Mapping[str, str] = _raw()["contractions"]
    found: list[str] = []
    for word in _TOKEN.findall(text.translate(_QUOTES).casefold()):
        if word in short:
            found += short[word].split()
        elif word in _PAUSES:
            found.append(",")
        elif word == "." and found and found[-1] in _raw()["abbreviations"]:
            continue
        else:
            found.append(word)
    while found and found[-1] in (".", ";"):
        found.pop()
    return [word for index, word in enumerate(found) if not (word == "." and index and found[index - 1] in (".", "…"))]


def _sentences(text: str, ends: Sequence[str] = (".", ";")) -> list[list[str]]:
    sentences: list[list[str]] = [[]]
    for token in _tokens(text):
        if token in ends:
            sentences.append([])
        else:
            sentences[-1].append(token)
    return [sentence for sentence in sentences if sentence]


def _joined(patterns: Iterable[str]) -> str:
    return _BETWEEN.join(patterns)


def _plain(tokens: list[str], facts: _Facts | None = None) -> str:
    """Return the pattern of one sentence. ``facts`` are what is known of it if it is news."""
    raw, out = _raw(), list[str]()
    commas: frozenset[str] = frozenset(raw["after_comma"])
    if facts is None and _DENIALS.isdisjoint(tokens):
        commas |= frozenset(raw["after_comma_in_our_words"])
    exact: frozenset[str] = frozenset(raw["articles_matter"])
    at = 0
    while at < len(tokens):
        word, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
        length, phrases = _equivalent(tokens, at)
        if word == ",":
            out.append(_COMMA if after in commas else "[,;] " if after == "which" else ", ")
        elif word in _ARTICLES and length == 1:
            out.append(f"{word} " if after in exact else "")
        else:
            if word in commas and at and tokens[at - 1] != ",":
                out.append(_COMMA)
            if word not in exact:
                out.append(_ARTICLE)
            if facts is not None and not facts.owned.isdisjoint(tokens[at : at + 2]):
                out.append("(?:(?:its|their) )?")
            if facts is not None and length == 1:
                phrases = [*phrases, *_other_tenses(tokens, at, facts)]
            out.append(f"(?:{'|'.join(phrases)}) ")
        at += length
    return "".join(out)


def _other_tenses(tokens: list[str], at: int, facts: _Facts) -> Iterator[str]:
    """Yield forms of a verb of the news that say the same: "has cut" for "cut", in a headline also for "cuts"."""
    token, before, after = tokens[at], tokens[max(0, at - 2) : at], tokens[at + 1 : at + 2]
    if after and _AFTER_PARTICIPLE.isdisjoint(after) and (_NOT_DONE | _HELPERS).isdisjoint(before):
        yield from _perfect().get(token, ())
    if facts.headline:
        yield from (form for form in _raw()["headline"].get(token, ()) if form.split()[-1] in facts.done)
        passive, phrase = _raw()["passive"], " ".join((token, *after))
        if phrase in passive["lasting"] or phrase in passive["once"]:
            yield from (f"{be} {token}" for be in ("is", "are", "has been", "have been"))
        if phrase in passive["once"]:
            yield from (f"{be} {token}" for be in ("was", "were"))


@cache
def _perfect() -> Mapping[str, list[str]]:
    """Return "has cut" and "have cut" for "cut", for each verb of the news."""
    found = dict[str, list[str]]()
    for past, perfect in _raw()["headline"].values():
        found[past] = [perfect, perfect.replace("has ", "have ", 1)]
    return found


def _equivalent(tokens: list[str], at: int) -> tuple[int, list[str]]:
    """Return how many tokens at this place form the longest listed phrase, and the patterns of what may replace it."""
    best, phrases = 1, [re.escape(tokens[at])]
    for key, replacements in _phrases().get(_shape(tokens[at]), ()):
        found = _match(tokens, at, key)
        if found is None or found[0] < best:
            continue
        length, marks = found
        if length > best:
            best, phrases = length, [_filled(key, marks)]
        phrases += [_filled(replacement, marks) for replacement in replacements]
    return best, phrases


def _match(tokens: list[str], at: int, key: tuple[str, ...]) -> tuple[int, list[str]] | None:
    """Return the length and the marks of the phrase ``key`` at this place; commas and articles in it may be missing."""
    index, marks = at, list[str]()
    for word in key:
        if word == ",":
            index += tokens[index : index + 1] == [","]
            continue
        if index >= len(tokens) or _shape(tokens[index]) != word:
            return None
        if word in ("@", "#"):
            marks.append(tokens[index])
        index += 1
    return index - at, marks


def _filled(phrase: tuple[str, ...], marks: Sequence[str]) -> str:
    """Return the pattern of a phrase with its marks filled in, in order."""
    left, words = list(marks), list[str]()
    for word in phrase:
        words.append(_COMMA if word == "," else f"{re.escape(left.pop(0) if word in ('@', '#') else word)} ")
    return "".join(words).removesuffix(" ")


def _shape(token: str) -> str:
    """Return what stands for a mark in a listed phrase: @ for a name, # for a figure; else the word itself."""
    if _MARK.fullmatch(token):
        return {"n": "@", "f": "#"}.get(token[1], token)
    return token


def _opinion(tokens: list[str]) -> str | None:
    """Return the pattern of the guide's sentence, with its parts in any sensible order; None if it has another form."""
    frame = next(_frames(tokens), None)
    if frame is None or "because" not in tokens[frame[1] :]:
        return None
    start, end = frame
    because = tokens.index("because", end)
    halves = (tokens[:start], tokens[end:because], tokens[because + 1 :])
    basis, action, reason = (half[:-1] if half[-1:] == [","] else half for half in halves)
    if not (action and reason):
        return None
    introduced, advice, why = _plain(tokens[start:end]), _plain(action), f"because {_plain(reason)}"
    if not basis:  # the client book has neither desire nor risk
        return f"(?:{introduced}{advice}{_COMMA}{why}|{why}, {introduced}{advice})"
    given = f"{_plain(basis)}, "
    forms = (
        f"{given}{introduced}{advice}{_COMMA}{why}",
        f"{introduced}{advice}, {given}{why}",
        f"{why}, (?:and )?{given}{introduced}{advice}",
        f"{given}{introduced}{advice}[.;] (?:this|that) is {why}",
    )
    return f"(?:{'|'.join(forms)})"


def _frames(tokens: list[str]) -> Iterator[tuple[int, int]]:
    """Yield where the words that introduce the advice stand: from, to."""
    for at in range(len(tokens)):
        length, _ = _equivalent(tokens, at)
        if length > 1 and tokens[at + length - 1] in ("consider", "considering"):
            yield at, at + length


def _attributed(tokens: list[str]) -> _Attribution | None:
    """Return who reports what in a sentence of the news; None if it has another form."""
    verbs: Mapping[str, Sequence[str]] = _raw()["attribution"]
    if tokens[:2] == ["according", "to"] and "," in tokens[:_NAME_WORDS]:
        comma = tokens.index(",")
        return _Attribution.of(tokens[2:comma], "reports", tokens[comma + 1 :])
    for at, token in enumerate(tokens[:_NAME_WORDS]):
        clear = "," not in tokens[:at] or "citing" in tokens[:at]
        if at and clear and token in verbs and tokens[at + 1 : at + 2] in ([","], ["that"]):
            return _Attribution.of(tokens[:at], token, tokens[at + 2 :])
    for comma in [at for at in range(len(tokens) - 1, 0, -1) if tokens[at] == ","][:3]:
        said, rest = tokens[:comma], tokens[comma + 1 :]
        verb = next((at for at, token in enumerate(rest) if token in verbs), None)
        if rest[:2] == ["according", "to"]:
            return _Attribution.of(rest[2:], "reports", said)
        if verb and rest[verb + 1 :] == []:
            return _Attribution.of(rest[:verb], rest[verb], said)
        if verb and rest[verb + 1 : verb + 3] == [",", "citing"]:
            return _Attribution.of([*rest[:verb], *rest[verb + 1 :]], rest[verb], said)
    return None


def _with_source(told: _Attribution, said: str) -> str:
    """Return the pattern of a report with who reports it in front, at the end, or after "according to"."""
    verbs = f"(?:{'|'.join(_raw()['attribution'][told.verb])})"
    who = _plain(told.who)
    cited = f"(?:, )?citing {_plain(told.cited)}" if told.cited else ""
    forms = [
        f"{who}{cited}(?:, )?{verbs} (?:, |that )?{said}",
        f"according to {who}{cited}, {said}",
    ]
    if told.cited:
        forms.append(f"citing {_plain(told.cited)}, {who}{verbs} (?:that )?{said}")
    if "unconfirmed" not in told.who:  # what is unconfirmed is said to be so first
        forms += [
            f"{said}, {who}{verbs} {cited}",
            f"{said}, {who}{cited}(?:, )?{verbs} ",
            f"{said}(?:, )?according to {who}{cited}",
        ]
        forms += [] if told.cited else [f"{said}, {verbs} {who}"]
    return f"(?:{'|'.join(forms)})"


@cache
def _phrases() -> Mapping[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]]:
    """Return each listed phrase with what may stand in its place, by its first word."""
    raw, found = _raw(), dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]]()
    pairs = [(phrase, [other for other in group if other != phrase]) for group in raw["groups"] for phrase in group]
    pairs += list(raw["one_way"].items())
    for phrase, others in pairs:
        key = tuple(phrase.casefold().split())
        found.setdefault(key[0], []).append((key, tuple(tuple(other.casefold().split()) for other in others)))
    return found


@cache
def _listed_words() -> frozenset[str]:
    raw = _raw()
    lists = [*raw["groups"], *raw["one_way"].values(), *raw["headline"].values(), *raw["attribution"].values()]
    words = {word for phrases in lists for phrase in phrases for word in phrase.casefold().split()}
    return frozenset(words | {"according", "to", "that", "this", "is", "and", "because"})


def _raw() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("words", "equivalents.yaml")
    return raw
