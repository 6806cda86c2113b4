"""Asks a language model to reword a draft, and checks its answer before it is offered. Pure: nothing is sent from here.

The model sees only our own words: names, figures, dates, desires and quotations are masked, and the news is not
reworded at all. An answer is offered only if it passes every check here; otherwise the playbook's text stays.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.base import content_id
from schemas.clients import Client, Firm, Manager
from schemas.drafts import Draft, DraftPart, Finding, Grounding
from services.notifier.drafting.compose import message_text
from services.notifier.drafting.corroboration import CLAIMS_SUPPORT
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.grounding import GroundingSources, check_grounding, ungrounded
from services.notifier.drafting.meaning.compare import check_meaning
from services.notifier.drafting.opinion import desire_phrase
from services.notifier.drafting.tokens import tokens
from services.notifier.drafting.tone import MAX_WORDS, count_words, review
from services.notifier.rewording.masking import MARK, Masks

__all__ = ["AcceptedRewording", "Declined", "Question", "build_question", "check_answer"]

#: The parts that are in our own words.
REWORDED = ("meaning", "opinion", "question")
#: The share of meaningful words that must stay, and the share (plus three words) that may be new.
STAY, NEW = 0.6, 0.4
#: The share of the meaningful words of an action, or of a reason, that must stay.
KEPT = 0.8
_ADVICE = re.compile(r"\bconsider (.+?),? because (.+?)(?:\.|$)|\bsuggest (.+?)(?:\.|$)")
#: Words by which a message may grow.
GROW = 15


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the model. ``key`` is derived from its content: the same question has the same answer.

    ``parts`` are the indexes of the draft's parts that it is about, by their number in the question.
    """

    key: str
    system: str
    user: str
    parts: Mapping[str, int]
    masked: Mapping[str, str]
    masks: Masks = field(repr=False)


@dataclass(frozen=True, slots=True)
class AcceptedRewording:
    """An answer that may be offered: the draft's parts with the new words."""

    parts: tuple[DraftPart, ...]
    body: str
    grounding: tuple[Grounding, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """An answer that may not be offered: ``reason`` is a code, ``detail`` explains it."""

    reason: str
    detail: str


def build_question(
    draft: Draft, client: Client, firm: Firm, manager: Manager, *, share_news: bool = False
) -> Question | None:
    """Return the question about ``draft``; None if it has no parts in our own words.

    ``share_news`` shows the model the quotations of the evidence, between marks that they can't contain.
    """
    reworded = [index for index, part in enumerate(draft.parts) if part.role in REWORDED]
    if not reworded or draft.parts[reworded[-1]].role != "question":
        return None
    raw, masks = _raw(), _masks(client, firm, manager)
    parts = {str(number): index for number, index in enumerate(reworded, start=1)}
    masked = {number: masks.mask(draft.parts[index].text) for number, index in parts.items()}
    context = [raw["reader"][client.jargon], raw["mood"][client.mood]]
    news = "\n".join(entry.text for entry in draft.grounding if entry.kind == "quotation" and entry.where == "evidence")
    if share_news and news:
        mark = content_id("news", news)
        context.append(f"{raw['news'].format(mark=mark).strip()}\n{mark}\n{news}\n{mark}")
    user = "\n\n".join([*filter(None, context), json.dumps(masked, ensure_ascii=False, indent=1)])
    system = str(raw["system"]).strip()
    return Question(content_id("ask", system, user), system, user, parts, masked, masks)


def check_answer(
    question: Question, answer: str, draft: Draft, client: Client, known: GroundingSources
) -> AcceptedRewording | Declined:
    """Return the rewording if ``answer`` passes every check. ``known`` is what the draft may be based on."""
    texts = _parse(answer, question)
    if isinstance(texts, Declined):
        return texts
    for number, text in texts.items():
        if (declined := _check_part(question, number, text, draft.parts[question.parts[number]].role)) is not None:
            return declined
    parts = list(draft.parts)
    for number, index in question.parts.items():
        before, text = parts[index].text, question.masks.unmask(texts[number])
        if changed := check_meaning(text, [before]):
            return Declined("sense", f"Part {number}: “{changed[0].words}”. {changed[0].message}")
        parts[index] = parts[index].model_copy(update={"text": text})
    return _check_whole(draft, tuple(parts), client, known)


def _parse(answer: str, question: Question) -> dict[str, str] | Declined:
    """Return the parts in ``answer``: a JSON object, perhaps in a code fence."""
    text = re.sub(r"^```(?:json)?\s*|\s*```$", "", answer.strip())
    try:
        texts = json.loads(text)
    except ValueError:
        return Declined("no_wording", "The answer is not a JSON object. The model may have refused.")
    if not isinstance(texts, dict) or set(texts) != set(question.parts):
        return Declined("no_wording", f"The answer must have exactly the parts {', '.join(question.parts)}.")
    if not all(isinstance(text, str) and text.strip() for text in texts.values()):
        return Declined("no_wording", "A part of the answer is empty or not text.")
    return {number: " ".join(texts[number].split()) for number in question.parts}


def _check_part(question: Question, number: str, text: str, role: str) -> Declined | None:
    before = question.masked[number]
    for reason, check in _CHECKS.items():
        if (detail := check(before, text)) is not None:
            return Declined(reason, f"Part {number}: {detail}")
    asks = text.count("?")
    if role == "question" and not (asks == before.count("?") == 1 and text.endswith("?")):
        return Declined("question", f"Part {number}: it must end with one question.")
    if role != "question" and asks:
        return Declined("question", f"Part {number}: it must not ask anything.")
    return None


def _check_marks(before: str, text: str) -> str | None:
    """Check that every mark is kept. A name may be repeated, or used once instead of twice."""
    old, new = Counter(MARK.findall(before)), Counter(MARK.findall(text))
    if set(old) != set(new):
        return f"marks are missing or new: {', '.join(sorted(set(old) ^ set(new)))}."
    changed = [mark for mark in old if mark[1] != "N" and old[mark] != new[mark]]
    if changed or re.search(r"[\[\]{}<>]", MARK.sub("", text)):
        return f"marks were changed: {', '.join(changed) or 'a bracket is left'}."
    return None


def _check_invented(before: str, text: str) -> str | None:
    """Check that no figure, name, date or quotation is new."""
    known = {token.value for token in tokens(MARK.sub("it", before))}
    new = [token.text for token in tokens(MARK.sub("it", text)) if token.value not in known]
    return f"{', '.join(f'“{text}”' for text in new)} is not in the evidence." if new else None


def _check_meaning(before: str, text: str) -> str | None:
    """Check that the words that carry the meaning are kept, and that no negation changes."""
    old, new = (f" {version.casefold().replace('’', chr(39))} " for version in (before, text))
    for group in _raw()["keep"]:
        if any(_has(old, word) for word in group) and not any(_has(new, word) for word in group):
            return f"“{group[0]}” is missing."
    counts = [sum(len(re.findall(_word(word), version)) for word in _raw()["negations"]) for version in (old, new)]
    return None if counts[0] == counts[1] else "a negation was added or removed."


def _check_advice(before: str, text: str) -> str | None:
    """Check that the advice and its reason are kept, and that no other advice is added."""
    old, new = _stems(before), _stems(text)
    known = set(_words(before))
    added = set(_words(text)) - known
    reversed_words = {word for word in added if word.removeprefix("un") in known or f"un{word}" in known}
    if forbidden := sorted(reversed_words | added & {*_raw()["never_new"], *_raw()["polar"]}):
        return f"“{forbidden[0]}” was added."
    lost = any(len(clause & new) < KEPT * len(clause) for clause in _clauses(before))
    if lost or len(old & new) < STAY * len(old):
        return "too little of the original is left."
    if len(new - old) > NEW * len(old) + 3:
        return "too much was added."
    return None


def _check_support(before: str, text: str) -> str | None:
    """Check that the text doesn't claim more often than before that another source reports the same."""
    more = len(CLAIMS_SUPPORT.findall(text)) > len(CLAIMS_SUPPORT.findall(before))
    return "it says that somebody else reports it as well." if more else None


#: The checks of one part against its new text, by reason code. Each returns what is wrong, or None.
_CHECKS: Mapping[str, Callable[[str, str], str | None]] = {
    "marks": _check_marks,
    "invented": _check_invented,
    "sense": _check_meaning,
    "support": _check_support,
    "advice": _check_advice,
}


def _check_whole(
    draft: Draft, parts: tuple[DraftPart, ...], client: Client, known: GroundingSources
) -> AcceptedRewording | Declined:
    body = "\n\n".join(part.text for part in parts)
    if body == draft.body:
        return Declined("same", "The model found nothing to change.")
    words = count_words(message_text(parts))
    if words > min(MAX_WORDS, draft.words + GROW):
        return Declined("length", f"It has {words} words; the draft has {draft.words}.")
    groundings = check_grounding(f"{draft.subject}\n\n{body}", known)
    if missing := ungrounded(groundings):
        return Declined("invented", f"“{missing[0].text}” is not in the evidence.")
    findings = review(f"{draft.subject}.\n\n{message_text(parts)}", client)
    before = {(finding.rule, finding.text) for finding in draft.findings}
    new = [finding for finding in findings if (finding.rule, finding.text) not in before]
    if new:
        return Declined("tone", f"“{new[0].text}”: {new[0].message}")
    return AcceptedRewording(parts, body, groundings, findings)


def _masks(client: Client, firm: Firm, manager: Manager) -> Masks:
    names = [client.name, client.organisation or "", client.salutation or "", firm.name, manager.name]
    names += [name for watch in client.watches for name in (watch.name, *watch.aliases, *watch.tickers)]
    desires = [desire_phrase(desire, client, own_words=own)[1] for desire in client.desires for own in (True, False)]
    return Masks.of(names, desires)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z’']+", MARK.sub(" ", text).casefold())


def _stems(text: str) -> set[str]:
    """Return the meaningful words of ``text`` without their endings."""
    empty = set(_raw()["empty"])
    return {re.sub(r"(?:ings?|ed|es|s|ly|e)$", "", word)[:7] for word in _words(text) if word not in empty}


def _clauses(text: str) -> list[set[str]]:
    """Return the words of each action, reason and conditional action, separately, so that none can outweigh another."""
    clauses = [clause for match in _ADVICE.finditer(text) for clause in match.groups() if clause]
    return [stems for clause in clauses if (stems := _stems(clause))]


def _word(word: str) -> str:
    return re.escape(word) + r"\b" if word.startswith("n'") else rf"\b{re.escape(word)}\b"


def _has(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}", text) is not None


def _raw() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("rewording.yaml")
    return raw
