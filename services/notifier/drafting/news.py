"""Reports what happened and who says so, in the words of the evidence. Nothing is paraphrased, nothing is added.

The first sentence is a headline or sentence of the evidence, in sentence case, and names its publisher. A quotation
follows where it adds something. Where no item says in one clause what happened, the best sentence is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.alerts import Evidence
from schemas.drafts import Grounding
from schemas.mentions import FAMILY_OF
from services.notifier.drafting.brief import Brief, format_day, pick
from services.notifier.drafting.casing import capitalized, first_lowered, sentence_case
from services.notifier.drafting.claimed_support import is_confirmed_since
from services.notifier.drafting.clauses import (
    clean_title,
    is_chat,
    is_quotable,
    is_sneer,
    is_statement,
    names_paper,
    stands_in,
)
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.first_sentence import (
    NewsClause,
    adds,
    best_clause,
    cited_source,
    in_order,
    known_names,
    names_watched,
    short_subject,
    with_article,
)
from services.notifier.drafting.headline_prose import with_its_article
from services.notifier.drafting.listing_codes import without_codes
from services.notifier.drafting.preliminary import is_preliminary
from services.notifier.drafting.public_acts import is_public_act, subject_prefix
from services.notifier.drafting.supporters import corroborating
from services.notifier.drafting.tokens import fold

__all__ = [
    "LONGEST_SUBJECT",
    "NewsPart",
    "lead_evidence",
    "news_part",
    "quotation_from",
    "quote_sources",
    "ranked_evidence",
    "subject_line",
    "without_quotation",
]

#: Common mail programs cut off a longer subject.
SUBJECT_CHARACTERS = 78
#: A subject that is cut off in some programs is better than one that only names the kind of event.
LONGEST_SUBJECT = 120
#: The confidence from which the kind of event as read is told in our own words.
SURE_KIND = 0.75
#: A quotation beside the first sentence has at most so many words.
QUOTED_WORDS = 28
#: A headline with fewer words says too little.
FEWEST_HEADLINE_WORDS = 5
#: A headline of what somebody reads, or of several things.
_PROMISE = re.compile(r"\b(?:we|we[’']re|we[’']ve|our|you|your|i|my)\b|\band more$", re.IGNORECASE)
_MARKS = " ?!.,"
#: Forms of the first sentence that name the source before the clause.
_BEFORE_CLAUSE = frozenset(("unconfirmed", "unconfirmed_citing", "public_act"))
#: Who says it, at the end of a headline: "…, Halden says", "…, according to the firm Orvix".
_SAID_BY = re.compile(
    r"(?P<what>.{20,}), (?:(?P<says>(?:[A-Z][\w’'.&-]* ){1,4})says"
    r"|according to (?P<whom>(?:the |an? )?[\w’'.& -]{3,50}))$"
)
#: Stands for the name of the asset while a text is trimmed (a private-use character that no news text contains).
_NAME = "\ue000"
_WORDS = re.compile(r"[\w -]+")
_SHOUTED = re.compile(r"\b[A-ZÀ-Þ][A-ZÀ-Þ'’-]+(?:[,;:]?\s+[A-ZÀ-Þ0-9][A-ZÀ-Þ0-9'’.-]*){2,}\b")
_INNER_QUOTES = str.maketrans('“”"„«»', "‘’’‘‘’")
#: Who refuses an offer does not deny that it was made.
_REFUSES = re.compile(
    r"\b(?:reject|rebuff|spurn|refus|declin|turn(?:s|ed)? down|sho(?:ots?|t) down|say(?:s)? no to)\w*\b.*"
    r"\b(?:offer|bid|proposal|takeover|approach|merger)\b",
    re.IGNORECASE,
)
_REPORT = re.compile(r"\s*[:–—-]\s*(?:reports?|sources?)$", re.IGNORECASE)
_STRAIGHT = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class NewsPart:
    """The news part: its text, the items it rests on, and the publisher and passage that a correction names.

    ``clause`` ties what the first sentence says to the item in whose words it does; None if it quotes them.
    ``unstated``: no item says in one clause what happened, so it is quoted, or only the kind of event is told.
    ``wordless``: not even a headline can be quoted, so only the kind of event is told.
    ``elsewhere``: the clause does not name what the client has, so a reader would not see why they are told.
    """

    text: str
    evidence: tuple[str, ...]
    publisher: str
    quote: str
    clause: Grounding | None = None
    unstated: bool = False
    elsewhere: bool = False
    wordless: bool = False


def quote_sources(text: str, groundings: Iterable[Grounding]) -> str:
    """Return ``text`` with each clause that is a source's in quotation marks, so that it isn't checked as ours."""
    for entry in groundings:
        if entry.kind == "quotation" and entry.where == "evidence" and not entry.text.startswith(("“", '"')):
            text = text.replace(entry.text, f"“{_as_inner(entry.text)}”")
    return text


def subject_line(brief: Brief, *, may_be_long: bool = True) -> str:
    """Return the subject line: the news in one clause, marked if it is unconfirmed or a correction.

    ``may_be_long``: rather than the kind of event alone, a clause that some mail programs cut off.
    """
    prefix = subject_prefix(brief.alert)
    ranked = brief.ranked or ranked_evidence(brief)
    lengths = (SUBJECT_CHARACTERS, LONGEST_SUBJECT) if may_be_long else (SUBJECT_CHARACTERS,)
    for told_only in (True, False):  # first what the message itself says
        for longest in lengths:
            room = longest - len(prefix)
            if (text := short_subject(brief.alert, brief.client, room, ranked, told_only=told_only)) is not None:
                return prefix + text
    return prefix + _plain_subject(brief, SUBJECT_CHARACTERS - len(prefix))


def _plain_subject(brief: Brief, characters: int) -> str:
    """Return the name and the headline; without one that can be quoted, the kind of event, or the name alone."""
    asset = " ".join(brief.asset.split())
    if brief.alert.verdict != "correct" and (headline := _headline(brief, lead_evidence(brief))) is not None:
        if brief.alert.verdict == "warn":
            headline = _REPORT.sub("", headline)  # "Unconfirmed: Halden owes $9 million: report"
        cased = sentence_case(headline, known_names(brief.alert, brief.client))
        named = cased if fold(asset).strip() in fold(cased) else f"{capitalized(asset)}: {cased}"
        if len(named) <= LONGEST_SUBJECT:
            return named
    choices = [_kind(brief, in_line=bool(subject_prefix(brief.alert))), asset]
    return next((choice for choice in choices if choice and len(choice) <= characters), "News")


def _kind(brief: Brief, *, in_line: bool) -> str:
    """Return the kind of event and the name; of a topic, or if the kind is unsure, that there is news.

    ``in_line``: without a capital.
    """
    watch, asset = brief.watch, " ".join(brief.asset.split())
    is_topic = watch is not None and watch.is_subject
    reading = brief.alert.reading
    unsure = brief.alert.verdict == "information" or (reading is not None and reading.confidence.kind < SURE_KIND)
    kind = phrasing().kinds["other" if is_topic or unsure else brief.alert.kind]
    if is_topic and _WORDS.fullmatch(asset):
        asset = first_lowered(asset, known_names(brief.alert, brief.client))
    line = kind.format(asset=asset)
    return line[0].lower() + line[1:] if in_line else line


def lead_evidence(brief: Brief) -> Evidence:
    """Return the evidence that the message tells: the best that supports the verdict and was not told before."""
    return (brief.ranked or ranked_evidence(brief))[0]


def ranked_evidence(brief: Brief) -> tuple[Evidence, ...]:
    """Return the evidence in the order in which it is told. Ranking reads every item, so a draft does it once."""
    return in_order(brief.alert, brief.client, brief.earlier.item_ids if brief.earlier else ())


def quotation_from(item: Evidence, max_words: int, asset: str = "") -> str:
    """Return a verbatim quotation of ``item`` with a full stop: its sentence if that is complete, or its title.

    A question or exclamation mark ends the quotation early, unless it belongs to the name of the ``asset``.
    """
    title = clean_title(item.title, item.publisher, item.host or "")
    sentence = clean_title(item.quote, item.publisher)
    masked = [text.replace(asset, _NAME) if asset else text for text in (sentence, title)]
    fit = [text for text in masked if len(text.split()) >= 5 and not _asks(text)]
    whole = min(fit, key=lambda text: bool(_SHOUTED.search(text)), default=None)
    whole = whole or next((text for text in reversed(masked) if text.strip(_MARKS)), _NAME)
    text, cut = _without_shouting(re.split(r"[?!]", whole.lstrip(_MARKS), maxsplit=1)[0].strip()), _asks(whole)
    if len(words := text.split()) > max_words:
        text, cut = _at_clause(words[:max_words]), True
    text = _as_inner(text).replace(_NAME, asset)
    if cut:
        return f"“{text.rstrip(' .,;:')} …”."
    return f"“{text}”" if text.endswith(".") else f"“{text}”."


def _as_inner(text: str) -> str:
    """Return ``text`` with the quotation marks in it as they are within a quotation."""
    return _STRAIGHT.sub(r"‘\1’", text).translate(_INNER_QUOTES)


def _asks(text: str) -> bool:
    return "?" in text or "!" in text


def _without_shouting(text: str) -> str:
    """Put runs of words in capitals in ordinary case. One or two words in capitals may be names."""
    return _SHOUTED.sub(lambda match: " ".join(_ordinary_case(word) for word in match[0].split()), text)


def _ordinary_case(word: str) -> str:
    return word if any(character.isdigit() for character in word) else word.capitalize()


def _at_clause(words: list[str]) -> str:
    """Cut ``words`` at the last comma or dash of their second half, or else at the last word."""
    for index in range(len(words) - 1, len(words) // 2, -1):
        if words[index].endswith((",", ";", ":")):
            return " ".join(words[: index + 1]).rstrip(",;:")
    return " ".join(words).rstrip(" ,;:.-–—(")


def news_part(brief: Brief, *, max_words: int, others: bool) -> NewsPart:
    """Return the news part of a draft. ``max_words`` limits each quotation; ``others`` names further sources."""
    lead = lead_evidence(brief)
    quote = quotation_from(lead, max_words, brief.asset)
    clause = best_clause(lead, brief.alert, brief.client) if brief.alert.verdict != "correct" else None
    if brief.alert.verdict == "correct":
        text = _correction(brief, lead, quote, max_words)
    else:
        after = _after(brief, lead) if others else ""
        stated = _statement(brief, lead, quote) if clause is None else _told(brief, clause, max_words)
        hedge = _hedge(brief, lead, stated)
        text = f"{_before(brief, clause)}{stated}{hedge}{after}{_denial(brief, lead, max_words)}"
    used = [lead, *(_others(brief, lead) if others and brief.alert.verdict != "correct" else [])]
    if brief.alert.contested:
        used += _denials(brief, lead)
    ids = tuple(dict.fromkeys(item.item_id for item in used))
    if clause is None:
        denies = lead.supports == "denies" or lead.status in ("denied", "retracted")
        unstated = brief.alert.verdict != "correct" and not denies
        wordless = unstated and "“" not in text
        of_name = brief.watch is None or brief.watch.is_subject or fold(brief.asset).strip() in fold(text)
        elsewhere = unstated and not (of_name or names_watched(NewsClause(text, lead, True), brief.alert))
        told = quote.strip("“”.")
        return NewsPart(text, ids, _outlet(lead), told, unstated=unstated, elsewhere=elsewhere, wordless=wordless)
    shown = clause.text if clause.text in text else clause.text[0].lower() + clause.text[1:]
    if shown not in text and (said := _said_by(clause.text)) is not None:
        shown = said[0]
    elsewhere = not (brief.watch is not None and brief.watch.is_subject) and not names_watched(clause, brief.alert)
    return NewsPart(text, ids, _outlet(lead), clause.text, _grounded(clause, shown), elsewhere=elsewhere)


def _grounded(clause: NewsClause, shown: str) -> Grounding:
    """Return the clause, as ``shown``, as a quotation of its item; grounded if all its words are there, in order."""
    stands = stands_in(clause.text, clause.item.title) or stands_in(clause.text, clause.item.quote)
    where, ref = ("evidence", clause.item.item_id) if stands else ("nowhere", None)
    return Grounding.model_validate({"text": shown, "kind": "quotation", "where": where, "ref": ref})


def _hedge(brief: Brief, lead: Evidence, stated: str) -> str:
    """Return that the findings are preliminary, if the report calls them so and ``stated`` doesn't say it."""
    if is_preliminary(stated) or not is_preliminary(f"{lead.title}. {lead.quote}"):
        return ""
    family = FAMILY_OF[brief.alert.kind]
    return " " + phrasing().news["early_figures" if family in ("macro", "earnings") else "early_findings"]


def _outlet(item: Evidence) -> str:
    return " ".join(item.publisher.split()) or item.host or "The source"


def _told(brief: Brief, clause: NewsClause, max_words: int) -> str:
    """Return the first sentence: what happened, and who says so. A quotation follows if it adds to it."""
    item, who = clause.item, _outlet(clause.item)
    source = cited_source(item, clause.text)
    form = "reports" if source is None else "citing"
    if _is_own_statement(brief, item):
        of_authority = item.basis in ("regulator", "court") or brief.alert.stance == "regulated_by"
        by_name = "authority" if of_authority else "company"
        form = by_name if fold(who) in fold(clause.text) or fold(brief.asset) in fold(clause.text) else "announces"
    elif brief.alert.verdict == "warn":
        form = "public_act" if is_public_act(brief.alert) else "unconfirmed" if source is None else "unconfirmed_citing"
    text = clause.text
    if form == "reports" and (said := _said_by(text)) is not None:
        form, (text, source) = "citing", said  # and not "…, Halden says, The Ledger reports"
    if brief.alert.verdict == "warn" and form in _BEFORE_CLAUSE:
        text = first_lowered(text, known_names(brief.alert, brief.client))
        if brief.asset[:1].islower() and text.casefold().startswith(brief.asset.casefold()):
            text = brief.asset + text[len(brief.asset) :]  # "EBay" stands at a beginning only
    variants = phrasing().first_sentence[form]
    if "report" in text.casefold():
        variants = variants[-1:]  # "Halden reports a loss, according to …"
    elif "according to" in text.casefold():
        variants = variants[:1]
    line = pick(variants, brief.alert.story_id, brief.client.id).format(
        clause=text, who=with_article(who), source=source
    )
    line = re.sub(r"\.\.$", ".", line)  # "citing the E.U.."
    if form == "reports" and _tells_whom(text, who):
        line = f"{text}."  # and not "… told The Ledger, The Ledger reports"
    return line + _quotation_beside(clause, max_words)


def _tells_whom(clause: str, outlet: str) -> bool:
    """Return whether ``clause`` says that somebody told ``outlet`` what it tells."""
    name = re.escape(outlet.removeprefix("The "))
    found = re.search(
        rf"\b(?:tells?|told|to|seen by|reviewed by|obtained by|interview with) (?:the )?{name}(?!\w)", clause, re.I
    )
    return found is not None


def _said_by(clause: str) -> tuple[str, str] | None:
    """Return what ``clause`` says and on whose word, if it names them at its end; else None."""
    found = _SAID_BY.match(clause)
    if found is None or not is_statement(found["what"]):
        return None
    whom = (found["says"] or found["whom"]).strip()
    known = whom if with_its_article(whom.rstrip(".")) == whom.rstrip(".") else f"the {whom}"
    return found["what"], with_article(known)


def _quotation_beside(clause: NewsClause, max_words: int) -> str:
    """Return the item's sentence as a quotation if it is whole, short, and says more than ``clause``; else nothing."""
    sentence = without_codes(" ".join(clause.item.quote.split()))
    bare = sentence.rstrip(" .")
    if not clause.of_title or not sentence.endswith(".") or len(sentence.split()) > min(QUOTED_WORDS, max_words):
        return ""
    if fold(bare).startswith(fold(clause.text).rstrip()):
        return ""  # the same words again, with a tail
    if not is_statement(bare) or is_sneer(bare) or not adds(bare, clause.text):
        return ""
    quote = f"“{_as_inner(sentence)}”"
    return " " + phrasing().news["adds"].format(quote=quote)


def without_quotation(text: str) -> str:
    """Return ``text``, a news part, without the quotation beside its first sentence, to save words."""
    opening = phrasing().news["adds"].partition("{quote}")[0]
    return re.sub(rf" {re.escape(opening)}“[^“”]*”", "", text)


def _is_own_statement(brief: Brief, item: Evidence) -> bool:
    """Return whether ``item`` is published by the company that the client watches, through a channel known for its own.

    Anybody can give a page the name of a company.
    """
    if item.source_grade not in "AB":
        return False
    who, names = fold(_outlet(item)), (fold(brief.asset), fold(brief.alert.entity_name))
    own_page = brief.alert.stance == "regulated_by"
    return (own_page or item.basis in ("company", "filing", "own", "regulator", "court")) and any(
        name.startswith(who) or who.startswith(name) for name in names
    )


def _statement(brief: Brief, lead: Evidence, quote: str) -> str:
    """Return the news as a quotation, or by the kind of event, for want of a clause that says what happened."""
    phrases, who, source = phrasing().news, _outlet(lead), cited_source(lead, "")
    denies = lead.supports == "denies" or lead.status in ("denied", "retracted")
    whole = quote.strip("“”.")
    of_several = "; " in whole and fold(whole) in fold(lead.title)
    told = quote if denies or (is_quotable(f"{whole}.") and not of_several) else f"{_kind(brief, in_line=True)}."
    if told != quote and (headline := _headline(brief, lead)) is not None:
        return phrases["headline"].format(who=who, quote=f"“{_as_inner(headline)}”")
    form = "announces" if _is_own_statement(brief, lead) else "reports"
    if source is not None and fold(source) not in (fold(brief.watched_name), fold(brief.alert.entity_name)):
        form = "citing"  # a name that the news is about needs no citation
    return phrases[form if told == quote else f"{form}_kind"].format(who=who, source=source, quote=told)


def _headline(brief: Brief, item: Evidence) -> str | None:
    """Return the headline of ``item`` as it stands, to be quoted for want of a clause; None if it asks or jokes.

    Of two headlines with a semicolon between them, the one that names what the client has.
    """
    title = clean_title(item.title, item.publisher, item.host or "").rstrip(".")
    if len(joined := re.split(r";\s+", title)) > 1:
        names = {fold(name).strip() for name in (brief.asset, brief.alert.entity_name, *(s.text for s in item.spans))}
        title = next((part for part in joined if any(name in fold(part) for name in names)), "")
    words = len(title.split())
    whole = FEWEST_HEADLINE_WORDS <= words <= QUOTED_WORDS and not title.endswith(("…", "...", ":", ","))
    promises = title.count(": ") > 1 or names_paper(title) or _PROMISE.search(title) is not None
    return title if whole and not (promises or _asks(title) or is_sneer(title) or is_chat(title)) else None


def _others(brief: Brief, lead: Evidence) -> list[Evidence]:
    """Return up to two more pieces of evidence that independently state the same."""
    return corroborating(brief.alert, lead)[:2]


def _denials(brief: Brief, lead: Evidence) -> list[Evidence]:
    """Return the party's denial, the newest, unless it is the news itself."""
    denials = [
        item
        for item in brief.alert.evidence
        if item.supports == "denies" and item is not lead and not _REFUSES.search(item.title)
    ]
    denials.sort(key=lambda item: (item.basis != "company", item.source_grade, item.item_id))
    return denials[:1]


def _denial(brief: Brief, lead: Evidence, max_words: int) -> str:
    """Return the other side of a contested report."""
    if not brief.alert.contested:
        return ""
    phrases = phrasing().news
    if lead.supports == "denies":
        return " " + phrases["denied_report_unknown"]
    for item in _denials(brief, lead):
        who, quote = _outlet(item), quotation_from(item, max_words, brief.asset)
        if item.origin.casefold() == who.casefold():
            return " " + phrases["denies"].format(who=who, quote=quote)
        return " " + phrases["denies_citing"].format(who=who, source=item.origin, quote=quote)
    return ""


def _before(brief: Brief, clause: NewsClause | None) -> str:
    """Return how the news follows on what the client read before, and that it is unconfirmed if ``clause`` doesn't."""
    phrases, alert, earlier = phrasing().news, brief.alert, brief.earlier
    lines = []
    if earlier is not None and earlier.sent_at is not None:
        kind = "update"
        if alert.contested:
            kind = "contested"
        elif earlier.verdict == "warn" and is_confirmed_since(alert, earlier, brief.beside):
            kind = "confirmed" if alert.information_grade == 1 else "firmer"
        elif earlier.verdict == "correct":
            kind = "update_correction"
        day = format_day(earlier.sent_at, brief.client, brief.now)
        lines.append(phrases[kind].format(date=day, asset=brief.asset))
    if alert.verdict == "warn" and (clause is None or _is_own_statement(brief, clause.item)):
        lines.append(phrases["not_seen" if is_public_act(alert) else "unconfirmed"])
    return "".join(f"{line} " for line in lines)


def _after(brief: Brief, lead: Evidence) -> str:
    phrases, others = phrasing().news, [with_article(_outlet(item)) for item in _others(brief, lead)]
    if len(others) == 2:
        return " " + phrases["also_two"].format(who=capitalized(others[0]), other=others[1])
    if others:
        return " " + phrases["also"].format(who=capitalized(others[0]))
    if brief.alert.verdict == "warn" and brief.alert.origins == 1 and not brief.alert.contested:
        return " " + phrases["one_source"]
    return ""


def _correction(brief: Brief, lead: Evidence, quote: str, max_words: int) -> str:
    """Return what we said and what is known now."""
    phrases, earlier = phrasing().news, brief.earlier
    if earlier is None or earlier.sent_at is None:
        raise ValueError("a correction needs the message that it corrects")
    told = phrases["told_unconfirmed" if earlier.verdict == "warn" else "told"]
    before = earlier.quote.rstrip()
    if len(words := before.split()) > max_words:
        before = f"{_at_clause(words[:max_words])} …"
    said = f"“{before}”."
    day = format_day(earlier.sent_at, brief.client, brief.now)
    now = {"denied": "denied", "retracted": "retracted"}.get(lead.status, "not_so")
    lines = [told.format(date=day, who=earlier.publisher, quote=said), phrases[now]]
    lines.append(phrases["now"].format(who=_outlet(lead), quote=quote))
    if earlier.verdict != "warn":
        lines.append(phrases["apology"])
    return " ".join(lines)
