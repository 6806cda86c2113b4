"""Chooses the clause that says what happened, from the headlines and sentences of an alert's evidence. Pure.

The clause states the event of the alert, names what the client watches where any does, and is neither teaser nor joke
where there is another choice. It is the headline or sentence of one item, word for word; see :mod:`.clauses`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from schemas.alerts import Alert, Evidence
from schemas.clients import Client
from schemas.mentions import FAMILY_OF, ClaimBasis
from services.notifier.drafting.casing import Names, capitalized
from services.notifier.drafting.clauses import clauses_in, clean_title, is_sneer, shorter
from services.notifier.drafting.corroboration import cited_origin
from services.notifier.drafting.data_files import word_sections
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.firm_names import could_be_firm
from services.notifier.drafting.meaning.statements import statements, stem_of
from services.notifier.drafting.shown_event import shows_event
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
#: The share of a headline's length from which a clause of it is most of it.
WHOLE = 0.65
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
#: A company's name in full, before the symbol of its shares: "Halden Energy (HLDN)".
_SYMBOL = re.compile(r"(?P<name>(?:[A-Z][\w&.’'-]*\s+){1,5})\((?:[A-Za-z]+:\s?)?[A-Z]{1,5}\)")
_ARTICLE = re.compile(r"^(?:An?|The) ")
#: A clause with so many words says enough alone, unless it is only what people feel about it.
ENOUGH_WORDS = 5
_FELT = re.compile(r"\b(?:fears?|worr\w+|hopes?|concerns?|bets?|jitters|optimism)\b", re.IGNORECASE)
#: A sentence that adds to another says so near its beginning.
_BEFORE = re.compile(r"\b(?:had|previously|earlier|used to)\b")
_AS_SAID = re.compile(
    r"\bthe (?:new|same|latter|former|other|latest) [a-z]+(?= (?:in|on|at|to|for|from|by|soon|next|this)\b|$)"
)
#: What the headline or a sentence before has told of.
_AS_KNOWN = re.compile(r"^The (?:loophole|bug|glitch|exploit|incident|malware|campaign|issue|problem|scam|scheme)\b")
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
    begins = {fold(name).split()[0] for name in (alert.entity_name, *listed) if fold(name).split()}
    listed += [name for item in alert.evidence for name in _with_symbol(item.title, begins)]
    return _names(tuple(listed), tuple(text for item in alert.evidence for text in (item.title, item.quote)))


def _with_symbol(title: str, begins: set[str]) -> Iterator[str]:
    """Yield the names before a symbol in ``title``, from a word in ``begins`` on: "Halden Energy" of "… (HLDN)"."""
    for match in _SYMBOL.finditer(title):
        words = match["name"].split()
        at = next((at for at, word in enumerate(words) if fold(word).strip() in begins), None)
        if at is not None:
            yield " ".join(words[at:])


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
                _is_beside(item, alert),
                order.index(item.status),
                item.item_id in told,
                item.source_grade not in "ABC",
                _telling(item, alert, client),
                _BASIS.index(item.basis),
                item.source_grade,
                -item.published_at.timestamp() if item.published_at else 0.0,
                item.item_id,
            ),
        )
    )


def _is_beside(item: Evidence, alert: Alert) -> bool:
    """Return whether ``item`` shares only the subject with the headline of ``alert``: two pieces of news on one tax."""
    if alert.stance not in ("follows", "regulated_by") or item.supports == "denies":
        return False
    of_name = _stems(" ".join((alert.entity_name, *(span.text for span in item.spans))))
    shared = (_stems(f"{item.title} {item.quote}") & _stems(alert.headline)) - of_name
    return len(shared) < SHARED_WORDS


def _telling(item: Evidence, alert: Alert, client: Client) -> tuple[int, bool]:
    """Return how well the best clause of ``item`` tells, the lower the better.

    First comes 0 if it says what happened and to what, 1 if only what happened, 2 if there is none; then whether it is
    a small part of its headline, which others tell as a whole.
    """
    clause = next(_clauses(item, alert, client), None)
    if clause is None:
        return 2, False
    is_cut = clause.of_title and len(clause.text) < WHOLE * len(clean_title(item.title, item.publisher))
    return int(not _is_named(clause.text, item, alert)), is_cut


def best_clause(item: Evidence, alert: Alert, client: Client) -> NewsClause | None:
    """Return the clause of ``item`` that tells the event best and is in tone; None if it has none, or denies it."""
    if item.supports == "denies" or item.status in ("denied", "retracted"):
        return None
    return next(_clauses(item, alert, client), None)


def short_subject(
    alert: Alert,
    client: Client,
    characters: int,
    ranked: tuple[Evidence, ...] | None = None,
    *,
    told_only: bool = False,
) -> str | None:
    """Return what happened in one clause of at most ``characters``; None if no item of the evidence says it so briefly.

    ``ranked`` is the evidence in order. What its first item, which the message tells, says comes first, then headlines
    of others that state the same. A clause that names what the client watches still does when it is shortened.
    ``told_only``: only its headline, or else the clause that the message tells. What tells of the event is kept.
    """
    ordered, tells = ranked or in_order(alert, client), partial(shows_event, family=FAMILY_OF[alert.kind])
    lead = ordered[0]
    same = [
        item for item in ordered if (item.supports, item.status) == (lead.supports, lead.status) and item is not lead
    ]
    of_lead = [clause for clause in _clauses(lead, alert, client) if not is_sneer(clause.text)]
    best = of_lead[0] if of_lead else None
    if told_only:
        titles = [clause for clause in of_lead if clause.of_title and names_watched(clause, alert)]
        if best is not None and tells(best.text):
            titles = [clause for clause in titles if tells(clause.text)]
        clauses = titles or of_lead[:1]
    else:
        others = (clause for item in same for clause in _clauses(item, alert, client) if not is_sneer(clause.text))
        clauses = [*of_lead, *others]
    named = {clause.text: _is_named(clause.text, clause.item, alert) for clause in clauses}
    clauses.sort(
        key=lambda clause: (
            not named[clause.text],
            not tells(clause.text),
            not clause.of_title,
            clause.item is not lead,
        )
    )
    for clause in clauses:
        short = shorter(clause.text, characters, tells if tells(clause.text) else bool)
        if short and named[clause.text] and alert.stance not in ("follows", "regulated_by"):
            fits = _is_named(short, clause.item, alert)
        else:
            of_subject = clause.of_title and clause.item is lead and alert.stance == "follows"
            fits = named[clause.text] or clause == best or of_subject
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
    if len(words) == 1 and is_ordinary(words[0]) and not could_be_firm(words[0]):
        return None  # a subject that was taken for whoever speaks: "citing Tariffs"
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
    of_title = _read(title, names, _may_name_speaker(title, item))
    about = _stems(title)
    # "Orvix sells a port; Halden recalls its pumps": two pieces of news, of which the client's is told.
    of_several = "; " in title and _is_named(title, item, alert)
    found = [
        NewsClause(clause, item, True)
        for clause in of_title
        if _is_named(clause, item, alert)
        or (not of_several and fold(title).startswith(fold(_ARTICLE.sub("", clause))[:BEGINNING]))
    ]
    if alert.stance in ("follows", "regulated_by") and FAMILY_OF[alert.kind] == "macro":
        found = [
            NewsClause(text, item, True) for clause in of_title for text in _of_topic(clause, names, item, alert)
        ] + found
    sentence = item.quote if fold(item.quote) != fold(title) else ""
    for clause in _read(sentence, names, True):
        named = _is_named(clause, item, alert)
        if len(clause.split()) > SENTENCE_WORDS:
            continue
        if clause.startswith("The ") and not named:
            continue  # "The government has …": which one, the sentence before says
        if _AS_KNOWN.match(clause):
            continue  # "The loophole lets …": the headline tells of it
        if _AS_SAID.search(clause):
            continue  # "plans to sell the new pill": which one, the sentence before says
        if _ALSO.search(clause) or not (named or fold(clause) in fold(sentence)):
            continue
        if _is_read_for(alert, item, sentence) or len(_stems(clause) & about) >= SHARED_WORDS:
            found.append(NewsClause(clause, item, False))
    found.sort(
        key=lambda clause: (
            # A headline about what the client follows needs not name it.
            # One about an authority that it does not name says what happened, which the background may not.
            not (_is_named(clause.text, item, alert) or (clause.of_title and _tells_of_subject(clause.text, alert))),
            not shows_event(clause.text, FAMILY_OF[alert.kind]),
            len(clause.text.split()) > EASY_WORDS,
            not (clause.of_title or _covers(clause.text, title)),
            clause.of_title,
        )
    )
    family = FAMILY_OF[alert.kind]
    if alert.stance not in ("follows", "regulated_by") and shows_event(title, family):
        # "Halden expected $16 billion. Now the lawsuits pile up": the first half alone is another piece of news.
        found = [clause for clause in found if not clause.of_title or shows_event(clause.text, family)]
    return (clause for clause in found if not is_sneer(clause.text) and _is_in_tone(clause.text, client))


def _may_name_speaker(title: str, item: Evidence) -> bool:
    """Return whether the label before a colon in ``title`` may be who says it: nobody else is known to."""
    label, colon, _ = title.partition(": ")
    if item.attributed_to is None or not colon:
        return item.attributed_to is not None
    return any(f" {word} " in fold(label) for word in fold(item.attributed_to).split() if len(word) > 2)


def _of_topic(clause: str, names: Names, item: Evidence, alert: Alert) -> Iterator[str]:
    """Yield what happened to the subject in a clause on what moved with it: "Gold falls as | inflation rises"."""
    moved, found, rest = clause.partition(" as ")
    if found and len(rest.split()) >= ENOUGH_WORDS and not _FELT.search(rest) and not _is_named(moved, item, alert):
        yield from (text for text in clauses_in(capitalized(rest), names) if _is_named(text, item, alert))


def _tells_of_subject(headline: str, alert: Alert) -> bool:
    """Return whether ``headline`` is about what the client follows, or tells of what their authority decides."""
    if alert.stance == "follows":
        return True
    return alert.stance == "regulated_by" and shows_event(headline, FAMILY_OF[alert.kind])


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
