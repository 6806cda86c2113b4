"""Reports what happened in the words of the evidence, and who says so. Nothing is paraphrased, nothing is added."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.alerts import Evidence
from schemas.mentions import ClaimBasis
from services.notifier.drafting.brief import Brief, format_day
from services.notifier.drafting.corroboration import cited_origin, corroborating, is_confirmed_since
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.tone import EMOJI

__all__ = ["NewsPart", "clean_title", "lead_evidence", "news_part", "quotation_from", "shorten", "subject_line"]

#: Common mail programs cut off a longer subject.
SUBJECT_CHARACTERS = 78
PREFIX = {"warn": "Unconfirmed: ", "correct": "Correction: "}
#: Newsroom labels that say nothing to a reader.
_LABEL = re.compile(
    r"^(?:(?:breaking(?: news)?|exclusive|just in|watch|live|alert|update(?:d)?(?: \d+)?|wrapup(?: \d+)?"
    r"|press release|news|opinion|analysis|unconfirmed|correction|corrected)\s*[:\-–—|]+\s*)+",
    re.IGNORECASE,
)
_MARKS = " ?!.,"
#: Stands for the name of the asset while a text is trimmed (a private-use character that no news text contains).
_NAME = "\ue000"
_OUTLET = re.compile(r"\s+[|–—-]\s+(?P<outlet>[^|–—]{2,40})$")
_SHOUTED = re.compile(r"\b[A-ZÀ-Þ][A-ZÀ-Þ'’-]+(?:[,;:]?\s+[A-ZÀ-Þ0-9][A-ZÀ-Þ0-9'’.-]*){2,}\b")
#: The order in which evidence is preferred, by verdict.
_STATUS = {
    "tell": ("asserted", "hedged", "denied", "retracted"),
    "warn": ("hedged", "asserted", "denied", "retracted"),
    "correct": ("denied", "retracted", "asserted", "hedged"),
}
_INNER_QUOTES = str.maketrans('“”"„«»', "‘’’‘‘’")
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


@dataclass(frozen=True, slots=True)
class NewsPart:
    """The news part: its text, the items it rests on, and the publisher and passage that a correction names."""

    text: str
    evidence: tuple[str, ...]
    publisher: str
    quote: str


def clean_title(title: str, *outlets: str) -> str:
    """Return a headline without newsroom labels, emoji and the outlet's own name at its end."""
    text = _LABEL.sub("", " ".join(EMOJI.sub(" ", title).split()))
    names = {name.casefold().removeprefix("the ") for name in outlets if name}
    while (match := _OUTLET.search(text)) is not None:
        outlet = match["outlet"].casefold().strip().removeprefix("the ")
        if outlet not in names and "|" not in match[0]:
            break
        text = text[: match.start()]
    return text.strip(" -–—|")


def shorten(text: str, characters: int) -> str:
    """Return ``text`` cut between words to ``characters``, with an ellipsis if something is left out."""
    if len(text) <= characters:
        return text
    cut = text[: characters - 2].rsplit(" ", 1)[0].rstrip(" ,;:-–—(")
    return f"{cut} …"


def subject_line(brief: Brief) -> str:
    """Return the subject line: the news itself, marked if it is unconfirmed or a correction."""
    alert = brief.alert
    prefix = PREFIX.get(alert.verdict, "")
    outlets = [outlet for item in alert.evidence for outlet in (item.publisher, item.host or "")]
    text = clean_title(alert.headline, *outlets).replace(brief.asset, _NAME)
    text = _without_shouting(re.sub(r"[?!]", "", text)).rstrip(" .").replace(_NAME, brief.asset)
    return prefix + shorten(text or brief.asset, SUBJECT_CHARACTERS - len(prefix))


def lead_evidence(brief: Brief) -> Evidence:
    """Return the evidence that the message quotes: the best that supports the verdict and was not quoted before."""
    used = brief.earlier.item_ids if brief.earlier else ()
    order = _STATUS.get(brief.alert.verdict, _STATUS["tell"])
    return min(
        brief.alert.evidence,
        key=lambda item: (
            item.supports in ("copy", "context"),
            order.index(item.status),
            item.item_id in used,
            _BASIS.index(item.basis),
            item.source_grade,
            -item.published_at.timestamp() if item.published_at else 0.0,
            item.item_id,
        ),
    )


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
    text = text.translate(_INNER_QUOTES).replace(_NAME, asset)
    if cut:
        return f"“{text.rstrip(' .,;:')} …”."
    return f"“{text}”" if text.endswith(".") else f"“{text}”."


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
    if brief.alert.verdict == "correct":
        text = _correction(brief, lead, quote, max_words)
    else:
        after = _after(brief, lead) if others else ""
        text = f"{_before(brief)}{_statement(brief, lead, quote)}{after}{_denial(brief, lead, max_words)}"
    used = [lead, *(_others(brief, lead) if others and brief.alert.verdict != "correct" else [])]
    if brief.alert.contested:
        used += _denials(brief, lead)
    ids = tuple(dict.fromkeys(item.item_id for item in used))
    return NewsPart(text, ids, _outlet(lead), quote.strip("“”."))


def _outlet(item: Evidence) -> str:
    return " ".join(item.publisher.split()) or item.host or "The source"


def _statement(brief: Brief, lead: Evidence, quote: str) -> str:
    phrases, who = phrasing().news, _outlet(lead)
    source = " ".join((lead.attributed_to or cited_origin(lead) or "").split()).rstrip(".,")
    if source and len(source.split()) <= 8 and not _is_same(who, source):
        return phrases["citing"].format(who=who, source=source, quote=quote)
    own_news = lead.basis == "company" and lead.origin.casefold() == who.casefold()
    if own_news or who.casefold() == brief.asset.casefold():
        return phrases["announces"].format(who=who, quote=quote)
    own_statement = lead.basis in ("regulator", "court") and lead.origin.casefold() == who.casefold()
    return phrases["states" if own_statement else "reports"].format(who=who, quote=quote)


def _is_same(who: str, source: str) -> bool:
    """Return whether "``who``, citing ``source``" would name one party twice."""
    first, second = who.casefold().removeprefix("the "), source.casefold().removeprefix("the ")
    return first in second or second in first


def _others(brief: Brief, lead: Evidence) -> list[Evidence]:
    """Return up to two more pieces of evidence that independently state the same."""
    return corroborating(brief.alert, lead)[:2]


def _denials(brief: Brief, lead: Evidence) -> list[Evidence]:
    """Return the party's denial, the newest, unless it is the news itself."""
    denials = [item for item in brief.alert.evidence if item.supports == "denies" and item is not lead]
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


def _before(brief: Brief) -> str:
    """Return how the news follows on what the client read before, and whether it is unconfirmed."""
    phrases, alert, earlier = phrasing().news, brief.alert, brief.earlier
    lines = []
    if earlier is not None and earlier.sent_at is not None:
        kind = "update"
        if alert.contested:
            kind = "contested"
        elif earlier.verdict == "warn" and is_confirmed_since(alert, earlier.item_ids):
            kind = "confirmed" if alert.information_grade == 1 else "firmer"
        elif earlier.verdict == "correct":
            kind = "update_correction"
        day = format_day(earlier.sent_at, brief.client, brief.now)
        lines.append(phrases[kind].format(date=day, asset=brief.asset))
    if alert.verdict == "warn":
        lines.append(phrases["unconfirmed"])
    return "".join(f"{line} " for line in lines)


def _after(brief: Brief, lead: Evidence) -> str:
    phrases, others = phrasing().news, [_outlet(item) for item in _others(brief, lead)]
    if len(others) == 2:
        return " " + phrases["also_two"].format(who=others[0], other=others[1])
    if others:
        return " " + phrases["also"].format(who=others[0])
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
