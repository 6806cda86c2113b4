"""Checks a language model's answer before it is offered: it may only say what the draft and its evidence say (pure)."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.clients import Client, Firm
from schemas.drafts import Draft, DraftPart, Finding, Grounding
from services.notifier.drafting.compose import message_text
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.grounding import GroundingSources, check_grounding, ungrounded
from services.notifier.drafting.meaning.compare import check_meaning
from services.notifier.drafting.meaning.draft_findings import edited_findings
from services.notifier.drafting.news import SUBJECT_CHARACTERS
from services.notifier.drafting.public_acts import without_prefix
from services.notifier.drafting.tokens import tokens
from services.notifier.drafting.tone import MAX_WORDS, QUOTATION, count_words, review
from services.notifier.gate.findings import gated
from services.notifier.gate.policy import GatePolicy
from services.notifier.gate.restricted import ToldAlert, check_restricted
from services.notifier.rewording.equivalence import (
    headline_says_the_same,
    is_one_sentence,
    news_says_the_same,
    opinion_says_the_same,
    says_the_same,
    strange_word,
)
from services.notifier.rewording.masking import MARK
from services.notifier.rewording.question import MAX_WRITTEN_WORDS, Question
from services.notifier.trades.definition import TradeDefinition

__all__ = ["AcceptedText", "Declined", "check_answer"]

#: Characters of an answer that is read at all.
MAX_CHARACTERS = 8_000
#: Words by which a message may grow.
GROW = 15
_CHARACTERS = frozenset(" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:?%'’“”\"()-–—")
_START = re.compile(r"(?:^|[.?;:—–“\"]\s*)$")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class AcceptedText:
    """An answer that may be offered: the subject and the draft's parts with the model's text."""

    subject: str
    parts: tuple[DraftPart, ...]
    body: str
    grounding: tuple[Grounding, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """An answer that may not be offered: ``reason`` is a code, ``detail`` explains it."""

    reason: str
    detail: str


def check_answer(
    question: Question,
    answer: str,
    draft: Draft,
    client: Client,
    firm: Firm,
    known: GroundingSources,
    *,
    gate: GatePolicy,
    told: tuple[ToldAlert, ...] = (),
    trade: TradeDefinition | None = None,
) -> AcceptedText | Declined:
    """Return the text if ``answer`` passes every check.

    ``known`` is what the draft may be based on, ``told`` what it tells; nothing that ``gate`` blocks is accepted.
    ``trade`` is the client's, by default as it ships.
    """
    texts = _parse(answer, question)
    if isinstance(texts, Declined):
        return texts
    for name, text in texts.items():
        if (declined := _check_part(question, name, text, draft)) is not None:
            return declined
    subject = question.masks.unmask(texts["subject"]) if "subject" in texts else draft.subject
    parts = list(draft.parts)
    for name, index in question.parts.items():
        parts[index] = parts[index].model_copy(update={"text": question.masks.unmask(texts[name])})
    accepted = _check_whole(question, draft, subject, tuple(parts), client, known, gate, trade)
    if isinstance(accepted, AcceptedText):
        return _check_gate(accepted, draft, client, firm, gate, told) or accepted
    return accepted


def _parse(answer: str, question: Question) -> dict[str, str] | Declined:
    """Return the parts in ``answer``: a JSON object, perhaps in a code fence."""
    if len(answer) > MAX_CHARACTERS:
        return Declined("no_answer", "The answer is far too long.")
    text = re.sub(r"^```(?:json)?\s*|\s*```$", "", answer.strip())
    try:
        texts = json.loads(text)
    except (ValueError, RecursionError):
        return Declined("no_answer", "The answer is not a JSON object. The model may have refused.")
    if not isinstance(texts, dict) or set(texts) != set(question.masked):
        return Declined("no_answer", f"The answer must have exactly the parts {', '.join(question.masked)}.")
    if not all(isinstance(text, str) and text.strip() for text in texts.values()):
        return Declined("no_answer", "A part of the answer is empty or not text.")
    return {name: " ".join(texts[name].split()) for name in question.masked}


def _check_part(question: Question, name: str, text: str, draft: Draft) -> Declined | None:
    role = name if name == "subject" else draft.parts[question.parts[name]].role
    before = question.masked[name]
    sources = (before, *(question.titles + question.reports if role in ("subject", "news") else ()))
    part = f"Part {name}" if name.isdigit() else name.capitalize()
    for reason, detail in _faults(text, before, sources, role):
        return Declined(reason, f"{part}: {detail}")
    if not _says_the_same(question, role, text, before, draft):
        strange = strange_word(MARK.sub("", text), sources)
        why = "it says more, less or something else than the draft." if strange is None else (
            f"“{strange}” is neither in the draft nor in its evidence, nor listed as equivalent."
        )  # fmt: skip
        return Declined("sense", f"{part}: {why}")
    return None


def _faults(text: str, before: str, sources: tuple[str, ...], role: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a part at first sight: a reason code and an explanation."""
    allowed = _CHARACTERS | set("".join(sources))
    if (odd := next((character for character in MARK.sub("", text) if character not in allowed), None)) is not None:
        yield "characters", f"it contains “{unicodedata.name(odd, 'an unnamed character')}”."
    old, new = Counter(MARK.findall(before)), Counter(MARK.findall(text))
    if unknown := set(new) - {mark for source in sources for mark in MARK.findall(source)}:
        yield "marks", f"{', '.join(sorted(unknown))} is not in the draft."
    if role not in ("subject", "news") and (missing := set(old) - set(new)):
        yield "marks", f"{', '.join(sorted(missing))} is missing."
    if any(bracket in MARK.sub("", text) for bracket in "[]{}<>"):
        yield "marks", "a bracket is left."
    known = {token.value for source in sources for token in tokens(MARK.sub("it", source))}
    invented = [token.text for token in tokens(MARK.sub("it", text)) if token.value not in known]
    if role not in ("subject", "news") and invented:
        yield "invented", f"“{invented[0]}” is not in the evidence."
    if (capital := _odd_capital(text, sources)) is not None:
        yield "invented", f"“{capital}” is written like a name."
    asks = text.count("?")
    if role == "question" and not (asks == before.count("?") == 1 and text.endswith("?")):
        yield "question", "it must end with one question."
    if role not in ("question", "subject", "news") and asks:
        yield "question", "it must not ask anything."
    if not (text[0].isupper() or text[0].isdigit() or text[0] in '[“‘"'):
        yield "form", "it must begin with a capital."
    if (initials := _lost_capitals(text, sources)) is not None:
        yield "sense", f"“{initials}” is written like another word."
    if role == "news" and (quotation := _opened_quotation(text, before)) is not None:
        yield "sense", f"“{quotation}” must stay a quotation, because it has several sentences."
    if role not in ("subject", "question") and not re.search(r"[.”\"]$", text):
        yield "form", "it must end with a full stop."


def _says_the_same(question: Question, role: str, text: str, before: str, draft: Draft) -> bool:
    if role == "opinion":
        return opinion_says_the_same(text, before)
    if role == "news":
        return news_says_the_same(text, before, question.titles, question.reports)
    if role == "subject":
        prefix = draft.subject.removesuffix(without_prefix(draft.subject))
        if not text.startswith(prefix):
            return False
        line = text.removeprefix(prefix)
        in_report = any(says_the_same(line, report) for report in question.reports)
        return in_report or headline_says_the_same(line, before.removeprefix(prefix), question.reports)
    return says_the_same(text, before)


def _odd_capital(text: str, sources: tuple[str, ...]) -> str | None:
    """Return a word that has a capital where no sentence begins, and that no source writes so."""
    known = {word for source in sources for word in _WORD.findall(source)} | {"I"}
    bare = MARK.sub(lambda match: "0" * len(match[0]), text)
    for match in _WORD.finditer(bare):
        plain = re.split(r"['’]", match[0])[0]
        capital = plain != plain.lower() and match[0] not in known and plain not in known
        if capital and not (plain[1:] == plain[1:].lower() and _START.search(bare[: match.start()])):
            return match[0]
    return None


def _lost_capitals(text: str, sources: tuple[str, ...]) -> str | None:
    """Return a word that the sources only write in capitals ("US"), and ``text`` in small letters ("us")."""
    known = {word for source in sources for word in _WORD.findall(source)}
    initials = {word.casefold() for word in known if len(word) > 1 and word.isupper()}
    return next((word for word in _WORD.findall(text) if word in initials and word not in known), None)


def _opened_quotation(text: str, before: str) -> str | None:
    """Return a quotation of several sentences that ``text`` no longer quotes: nobody would say its second sentence."""
    kept = [match[0][1:-1] for match in QUOTATION.finditer(text)]
    quoted = (match[0][1:-1] for match in QUOTATION.finditer(before))
    return next((inner for inner in quoted if inner not in kept and not is_one_sentence(inner)), None)


def _check_whole(
    question: Question,
    draft: Draft,
    subject: str,
    parts: tuple[DraftPart, ...],
    client: Client,
    known: GroundingSources,
    gate: GatePolicy,
    trade: TradeDefinition | None,
) -> AcceptedText | Declined:
    body = "\n\n".join(part.text for part in parts)
    if (subject, body) == (draft.subject, draft.body):
        return Declined("same", "The model found nothing to change.")
    words = count_words(message_text(parts))
    limit = MAX_WRITTEN_WORDS if question.mode == "write" else min(MAX_WORDS, draft.words + GROW)
    if words > limit:
        return Declined("length", f"It has {words} words; {limit} are allowed.")
    if len(subject) > SUBJECT_CHARACTERS:
        return Declined("length", f"The subject has {len(subject)} characters; {SUBJECT_CHARACTERS} are allowed.")
    not_seen = phrasing().news["not_seen"]
    caution = not_seen if not_seen in draft.body else "unconfirmed"
    if draft.verdict == "warn" and caution.casefold() not in body.casefold():
        return Declined("sense", "It doesn't say that the news is unconfirmed.")
    groundings = check_grounding(f"{subject}\n\n{body}", known)
    if missing := ungrounded(groundings):
        return Declined("invented", f"“{missing[0].text}” is not in the evidence.")
    for finding in _changed_meaning(question, draft, subject, parts, known):
        return Declined("sense", f"“{finding.text}”: {finding.message}")
    findings = review(f"{subject}.\n\n{message_text(parts)}", client, trade)
    before = {(finding.rule, finding.text) for finding in draft.findings}
    new = [finding for finding in findings if (finding.rule, finding.text) not in before]
    for found in gated((), new, gate):
        if found.effect not in ("warn", "off"):
            return Declined("tone", f"“{found.text}”: {found.message}")
    return AcceptedText(subject, parts, body, groundings, findings)


def _changed_meaning(
    question: Question, draft: Draft, subject: str, parts: tuple[DraftPart, ...], known: GroundingSources
) -> Iterator[Finding]:
    """Yield what the news says otherwise than the evidence, and our own words otherwise than the draft's."""
    for index in question.parts.values():
        before, text = draft.parts[index].text, parts[index].text
        if parts[index].role == "news":
            yield from edited_findings(f"{subject}\n\n{text}", f"{draft.subject}\n\n{before}", known)
        else:
            yield from (finding.as_finding() for finding in check_meaning(text, [before]))


def _check_gate(
    text: AcceptedText, draft: Draft, client: Client, firm: Firm, gate: GatePolicy, told: tuple[ToldAlert, ...]
) -> Declined | None:
    restricted = check_restricted(text.subject, text.body, draft, told, client, firm)
    for finding in gated(text.grounding, (*text.findings, *restricted), gate):
        if finding.effect == "block":
            return Declined("gate", str(finding))
    return None
