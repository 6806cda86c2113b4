"""Chooses the clause that says what happened, from the headlines and sentences of an alert's evidence. Pure.

The clause states the event of the alert, names what the client watches where any does, and is neither teaser nor joke
where there is another choice. It is the headline or sentence of one item, word for word; see :mod:`.clauses`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from schemas.alerts import Alert, Evidence
from schemas.clients import Client
from schemas.mentions import ClaimBasis
from services.notifier.drafting.casing import Names
from services.notifier.drafting.clauses import clauses_in, clean_title, is_sneer, shorter
from services.notifier.drafting.corroboration import cited_origin
from services.notifier.drafting.data_files import word_sections
from services.notifier.drafting.meaning.statements import statements, stem_of
from services.notifier.drafting.tokens import Date, fold, tokens
from services.notifier.drafting.tone import review
from services.notifier.drafting.verbs import is_verb_form

__all__ = [
    "NewsClause",
    "adds",
    "best_clause",
    "cited_source",
    "in_order",
    "known_names",
    "names_watched",
    "short_subject",
    "with_article",
]

#: A headline with more words is read twice.
EASY_WORDS = 22
#: A sentence of the text with more words is often a heading that runs on into the first sentence.
SENTENCE_WORDS = 25
#: Content words that two sentences share if they tell the same event, and new ones if one adds to the other.
SHARED_WORDS, NEW_WORDS = 2, 4
#: The share of a headline's content words that a sentence has if it says the same.
COVERED = 0.6
#: The name of a source has at most so many words.
SOURCE_WORDS = 6
#: The order in which evidence is preferred, by verdict.
_STATUS = {
    "tell": ("asserted", "hedged", "denied", "retracted"),
    "warn": ("hedged", "asserted", "denied", "retracted"),
    "correct": ("denied", "retracted", "asserted", "hedged"),
}
#: From the firmest basis to the weakest.
_BASIS: tuple[ClaimBasis, ...] = (
    "regulator",
    "court",
    "filing",
    "company",
    "person",
    "researcher",
    "own",
    "wire",
    "outlet",
    "unnamed",
)
#: Characters by which a clause is the beginning of its headline.
BEGINNING = 16
_ARTICLE = re.compile(r"^(?:An?|The) ")
#: A sentence that adds to another says so near its beginning.
_BEFORE = re.compile(r"\b(?:had|previously|earlier|used to)\b")
_ALSO = re.compile(r"^(?:\S+ ){0,4}also\b")
#: Newspapers whose names have an article.
_WITH_ARTICLE = frozenset(" ".join(word_sections("names")["with_article"]).split())
_QUOTED = re.compile(r"“[^“”]*”|\"[^\"]*\"|‘[^‘’]*’")


@dataclass(frozen=True, slots=True)
class NewsClause:
    """A clause that says what happened, and the item in whose words it does. ``of_title``: they are its headline's."""

    text: str
    item: Evidence
    of_title: bool


def known_names(alert: Alert, client: Client) -> Names:
    """Return the names in the client's book and in the evidence. A topic ("Inflation") is an ordinary word."""
    watches = [watch for watch in client.watches if not watch.is_subject]
    listed = [name for watch in watches for name in (watch.name, *watch.aliases, *watch.tickers)]
    listed += [item.publisher for item in alert.evidence]
    return _names(tuple(listed), tuple(text for item in alert.evidence for text in (item.title, item.quote)))


@lru_cache(maxsize=256)  # every item of an alert asks for the same
def _names(listed: tuple[str, ...], texts: tuple[str, ...]) -> Names:
    return Names.of(listed, texts)


def in_order(alert: Alert, client: Client, used: Iterable[str] = ()) -> tuple[Evidence, ...]:
    """Return the evidence of ``alert``, the item to tell it by first. ``used`` are items that were told before.

    Evidence that supports the verdict is better than context; then comes who has a good grade and a clause to tell.
    """
    told, order = frozenset(used), _STATUS.get(alert.verdict, _STATUS["tell"])
    return tuple(
        sorted(
            alert.evidence,
            key=lambda item: (
                item.supports in ("copy", "context"),
                order.index(item.status),
                item.item_id in told,
                item.source_grade in "DE",
                _telling(item, alert, client),
                _BASIS.index(item.basis),
                item.source_grade,
                -item.published_at.timestamp() if item.published_at else 0.0,
                item.item_id,
            ),
        )
    )


def _telling(item: Evidence, alert: Alert, client: Client) -> int:
    """Return 0 if ``item`` says in one clause what happened and to what, 1 if only what happened, 2 if neither."""
    clause = next(_clauses(item, alert, client), None)
    return 2 if clause is None else int(not _is_named(clause.text, item, alert))


def best_clause(item: Evidence, alert: Alert, client: Client) -> NewsClause | None:
    """Return the clause of ``item`` that tells the event best and is in tone; None if it has none, or denies it."""
    if item.supports == "denies" or item.status in ("denied", "retracted"):
        return None
    return next(_clauses(item, alert, client), None)


def short_subject(
    alert: Alert, client: Client, characters: int, ranked: tuple[Evidence, ...] | None = None
) -> str | None:
    """Return what happened in one clause of at most ``characters``; None if no item of the evidence says it so briefly.

    ``ranked`` is the evidence in order. What its first item, which the message tells, says comes first, then headlines
    of others that state the same. A clause that names what the client watches still does when it is shortened.
    """
    ordered = ranked or in_order(alert, client)
    lead = ordered[0]
    same = [
        item for item in ordered if (item.supports, item.status) == (lead.supports, lead.status) and item is not lead
    ]
    best = next(_clauses(lead, alert, client), None)
    clauses = [
        clause for item in (lead, *same) for clause in _clauses(item, alert, client) if not is_sneer(clause.text)
    ]
    named = {clause.text: _is_named(clause.text, clause.item, alert) for clause in clauses}
    clauses.sort(key=lambda clause: (not named[clause.text], not clause.of_title, clause.item is not lead))
    for clause in clauses:
        short = shorter(clause.text, characters)
        if short and named[clause.text] and alert.stance not in ("follows", "regulated_by"):
            fits = _is_named(short, clause.item, alert)
        else:
            fits = named[clause.text] or clause == best
        if short is not None and fits:
            return short
    return None


def names_watched(clause: NewsClause, alert: Alert) -> bool:
    """Return whether ``clause`` names what the client watches, in one of the ways in which its item does."""
    return _is_named(clause.text, clause.item, alert)


def adds(sentence: str, clause: str) -> bool:
    """Return whether ``sentence`` says more about the same as ``clause``: a figure, or several new words."""
    known, mine = _stems(clause), _stems(sentence)
    more = bool(_figures(sentence) - _figures(clause)) or len(mine - known) >= NEW_WORDS
    return more and len(known & mine) >= SHARED_WORDS


def cited_source(item: Evidence, clause: str) -> str | None:
    """Return whom ``item`` cites for ``clause``; None if it is who reports it, or if the clause says it already.

    A person, company or authority counts only if the headline or the quoted sentence attributes something to it.
    """
    source = re.sub(r"[’']s?$", "", " ".join((item.attributed_to or cited_origin(item) or "").split()).rstrip(".,"))
    words = fold(source).split()
    if not words or len(words) > SOURCE_WORDS or _is_same(item.publisher, source):
        return None
    if len("".join(words)) < 3 or (item.basis == "regulator" and len(words) == 1 and not source.isupper()):
        return None  # a country: "citing US"
    said = fold(clause)
    if any(f" {word} " in said for word in words if len(word) > 2):
        return None
    about = not clause or len(_stems(item.quote) & _stems(clause)) >= SHARED_WORDS
    if item.basis in ("outlet", "wire", "own") or _attributes(item.title, source):
        return with_article(source)
    return with_article(source) if about and "•" not in item.quote and _attributes(item.quote, source) else None


def _attributes(text: str, source: str) -> bool:
    """Return whether ``text`` says something on the word of ``source``."""
    name = re.escape(source)
    before = rf"(?:according to|citing|says?|said|told|tells|:|\s[-–—])\s+(?:the )?(?:\w+ ){{0,3}}{name}\b"
    verbs = "says?|said|warns?|warned|told|estimates?|reports?|reported|finds?|found"
    after = rf"{name}(?:, [^,]{{3,60}},)?\s+(?:\w+ ){{0,2}}?(?:{verbs})\b"
    return re.search(rf"{before}|{after}|^{name}:", text) is not None


def with_article(publisher: str) -> str:
    """Return a publisher's name as it stands within a sentence: the Halden Times, the BBC, The Verge."""
    needs = publisher == "BBC" or (" " in publisher and publisher.split()[-1].casefold() in _WITH_ARTICLE)
    return f"the {publisher}" if needs and not publisher.casefold().startswith("the ") else publisher


def _is_same(who: str, source: str) -> bool:
    """Return whether "``who`` reports, citing ``source``" would name one party twice."""
    first, second = who.casefold().removeprefix("the "), source.casefold().removeprefix("the ")
    return first in second or second in first


def _clauses(item: Evidence, alert: Alert, client: Client) -> Iterator[NewsClause]:
    """Yield the clauses of ``item`` that may tell the event, the best first."""
    names = known_names(alert, client)
    title = clean_title(item.title, item.publisher, item.host or "")
    of_title = _read(title, names, item.attributed_to is not None)
    about = _stems(title)
    found = [
        NewsClause(clause, item, True)
        for clause in of_title
        if _is_named(clause, item, alert) or fold(title).startswith(fold(_ARTICLE.sub("", clause))[:BEGINNING])
    ]
    sentence = item.quote if fold(item.quote) != fold(title) else ""
    for clause in _read(sentence, names, True):
        named = _is_named(clause, item, alert)
        if len(clause.split()) > SENTENCE_WORDS:
            continue
        if clause.startswith("The ") and not named:
            continue  # "The government has …": which one, the sentence before says
        if _ALSO.search(clause) or not (named or fold(clause) in fold(sentence)):
            continue
        if _is_read_for(alert, item, sentence) or len(_stems(clause) & about) >= SHARED_WORDS:
            found.append(NewsClause(clause, item, False))
    found.sort(
        key=lambda clause: (
            not _is_named(clause.text, item, alert),
            len(clause.text.split()) > EASY_WORDS,
            not (clause.of_title or _covers(clause.text, title)),
            clause.of_title,
        )
    )
    return (clause for clause in found if not is_sneer(clause.text) and _is_in_tone(clause.text, client))


def _covers(sentence: str, title: str) -> bool:
    """Return whether ``sentence`` says what ``title`` says, its verb and its figures too, and not what was before."""
    about, said = _stems(title), _stems(sentence)
    verbs = {stem_of(word) for word in fold(title).split() if is_verb_form(word)}
    if verbs.isdisjoint(said) or not _figures(title) <= _figures(sentence) or _BEFORE.search(sentence):
        return False
    if sentence.startswith("The ") and not title.startswith("The "):
        return False  # "The flaw lets …": which one, the headline says
    return len(about & said) >= COVERED * len(about)


def _figures(text: str) -> set[tuple[str, ...] | Date]:
    return {token.value for token in tokens(text) if token.kind in ("number", "amount", "percentage")}


def _is_read_for(alert: Alert, item: Evidence, sentence: str) -> bool:
    """Return whether the reading of the event rests on ``sentence``."""
    reading = alert.reading
    return reading is not None and reading.item_id == item.item_id and fold(reading.sentence or "") == fold(sentence)


@lru_cache(maxsize=4096)  # every level of detail asks for the same
def _read(text: str, names: Names, has_speaker: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clauses_in(text, names, has_speaker=has_speaker)))


@lru_cache(maxsize=4096)
def _is_in_tone(clause: str, client: Client) -> bool:
    return not any(finding.severity == "error" for finding in review(_QUOTED.sub("", clause), client))


def _is_named(clause: str, item: Evidence, alert: Alert) -> bool:
    said = fold(clause)
    names = {fold(name) for name in (alert.entity_name, *(span.text for span in item.spans))}
    return any(name.removesuffix(" s ").rstrip() + " " in said for name in names if name.strip())


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem for statement in statements(text) for stem in statement.stems)
