"""What a language model is asked about a draft, and whether its answer may be offered. Pure: nothing is sent from here.

The model sees our own words alone: names, figures, dates, wishes and quotations are marks, and the news is not reworded
at all. Its answer counts for nothing until it has passed every check here; else the playbook's text stands.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.base import content_id
from schemas.clients import Client, Firm, Manager
from schemas.drafts import Draft, DraftPart, Finding, Grounding
from services.notifier.drafting.compose import message_text
from services.notifier.drafting.data_files import read_yaml
from services.notifier.drafting.grounding import GroundingSources, check_grounding, ungrounded
from services.notifier.drafting.opinion import desire_phrase
from services.notifier.drafting.tokens import tokens
from services.notifier.drafting.tone import MAX_WORDS, count_words, review
from services.notifier.rewording.masking import MARK, Masks

__all__ = ["Declined", "Question", "Rewording", "ask", "judge"]

#: What is said in our own words.
WORDED = ("meaning", "opinion", "question")
#: Of the words that carry sense, at least so many must stay, and at most so many (and three) may be new.
STAY, NEW = 0.6, 0.4
#: Of an action, or of a reason, at least so many.
KEPT = 0.8
_ADVICE = re.compile(r"\bconsider (.+?),? because (.+?)(?:\.|$)|\bsuggest (.+?)(?:\.|$)")
#: Words that a message may grow by.
GROW = 15


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a model. ``key`` is its content's: the same question has the same answer.

    ``parts`` are the places in the draft that it is about, by the number they have in the question.
    """

    key: str
    system: str
    user: str
    parts: Mapping[str, int]
    masked: Mapping[str, str]
    masks: Masks = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rewording:
    """An answer that may be offered: the draft's parts with the new words in them."""

    parts: tuple[DraftPart, ...]
    body: str
    grounding: tuple[Grounding, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """An answer that may not: ``reason`` is a code, ``detail`` says what was wrong with it."""

    reason: str
    detail: str


def ask(draft: Draft, client: Client, firm: Firm, manager: Manager, *, share_news: bool = False) -> Question | None:
    """What to ask about ``draft``; None where nothing of it is ours to reword.

    ``share_news`` lets the model read the quotations of the evidence, between marks that they can't contain.
    """
    worded = [at for at, part in enumerate(draft.parts) if part.role in WORDED]
    if not worded or draft.parts[worded[-1]].role != "question":
        return None
    raw, masks = _raw(), _masks(client, firm, manager)
    parts = {str(number): at for number, at in enumerate(worded, start=1)}
    masked = {number: masks.mask(draft.parts[at].text) for number, at in parts.items()}
    told = [raw["reader"][client.jargon], raw["mood"][client.mood]]
    news = "\n".join(entry.text for entry in draft.grounding if entry.kind == "quotation" and entry.where == "evidence")
    if share_news and news:
        mark = content_id("news", news)
        told.append(f"{raw['news'].format(mark=mark).strip()}\n{mark}\n{news}\n{mark}")
    user = "\n\n".join([*filter(None, told), json.dumps(masked, ensure_ascii=False, indent=1)])
    system = str(raw["system"]).strip()
    return Question(content_id("ask", system, user), system, user, parts, masked, masks)


def judge(
    question: Question, answer: str, draft: Draft, client: Client, known: GroundingSources
) -> Rewording | Declined:
    """Whether ``answer`` may take the place of the draft's words; ``known`` is what the draft may rest on."""
    said = _read(answer, question)
    if isinstance(said, Declined):
        return said
    for number, text in said.items():
        if (declined := _judge_part(question, number, text, draft.parts[question.parts[number]].role)) is not None:
            return declined
    parts = list(draft.parts)
    for number, at in question.parts.items():
        parts[at] = parts[at].model_copy(update={"text": question.masks.unmask(said[number])})
    return _judge_whole(draft, tuple(parts), client, known)


def _read(answer: str, question: Question) -> dict[str, str] | Declined:
    """The parts in ``answer``, which is a JSON object, perhaps within a fence."""
    text = re.sub(r"^```(?:json)?\s*|\s*```$", "", answer.strip())
    try:
        said = json.loads(text)
    except ValueError:
        return Declined("no_wording", "The answer is no JSON object: the model refused, or talked around it.")
    if not isinstance(said, dict) or set(said) != set(question.parts):
        return Declined("no_wording", f"The answer doesn't have the parts {', '.join(question.parts)}, each once.")
    if not all(isinstance(text, str) and text.strip() for text in said.values()):
        return Declined("no_wording", "A part of the answer is empty, or no text.")
    return {number: " ".join(said[number].split()) for number in question.parts}


def _judge_part(question: Question, number: str, text: str, role: str) -> Declined | None:
    before = question.masked[number]
    for check_one in _CHECKS:
        if (detail := check_one(before, text)) is not None:
            return Declined(check_one.__name__.removeprefix("_"), f"Part {number}: {detail}")
    asks = text.count("?")
    if role == "question" and not (asks == before.count("?") == 1 and text.endswith("?")):
        return Declined("question", f"Part {number}: it must end with one question.")
    if role != "question" and asks:
        return Declined("question", f"Part {number}: it asks something.")
    return None


def _marks(before: str, text: str) -> str | None:
    """Every mark stands as it stood; names may be repeated, or stand once where they stood twice."""
    old, new = Counter(MARK.findall(before)), Counter(MARK.findall(text))
    if set(old) != set(new):
        return f"marks are missing or new: {', '.join(sorted(set(old) ^ set(new)))}."
    changed = [mark for mark in old if mark[1] != "N" and old[mark] != new[mark]]
    if changed or re.search(r"[\[\]{}<>]", MARK.sub("", text)):
        return f"marks were changed: {', '.join(changed) or 'a bracket is left'}."
    return None


def _invented(before: str, text: str) -> str | None:
    """No figure, name, date or quotation comes in from elsewhere."""
    known = {token.value for token in tokens(MARK.sub("it", before))}
    new = [token.text for token in tokens(MARK.sub("it", text)) if token.value not in known]
    return f"{', '.join(f'“{one}”' for one in new)} stands in no evidence." if new else None


def _sense(before: str, text: str) -> str | None:
    """The words that carry the sense stay."""
    old, new = (f" {one.casefold().replace('’', chr(39))} " for one in (before, text))
    for group in _raw()["keep"]:
        if any(_has(old, word) for word in group) and not any(_has(new, word) for word in group):
            return f"“{group[0]}” is gone."
    counts = [sum(len(re.findall(_word(word), one)) for word in _raw()["negations"]) for one in (old, new)]
    return None if counts[0] == counts[1] else "a negation came or went."


def _advice(before: str, text: str) -> str | None:
    """What is advised, and why, stays; nothing is advised beside it."""
    old, new = _stems(before), _stems(text)
    mine = set(_words(before))
    fresh = set(_words(text)) - mine
    turned = {word for word in fresh if word.removeprefix("un") in mine or f"un{word}" in mine}
    if forbidden := sorted(turned | fresh & {*_raw()["never_new"], *_raw()["polar"]}):
        return f"“{forbidden[0]}” came in."
    lost = any(len(clause & new) < KEPT * len(clause) for clause in _clauses(before))
    if lost or len(old & new) < STAY * len(old):
        return "too little of what was said is left."
    if len(new - old) > NEW * len(old) + 3:
        return "too much was added."
    return None


_CHECKS: Sequence[Callable[[str, str], str | None]] = (_marks, _invented, _sense, _advice)


def _judge_whole(
    draft: Draft, parts: tuple[DraftPart, ...], client: Client, known: GroundingSources
) -> Rewording | Declined:
    body = "\n\n".join(part.text for part in parts)
    if body == draft.body:
        return Declined("same", "The model found nothing to change.")
    words = count_words(message_text(parts))
    if words > min(MAX_WORDS, draft.words + GROW):
        return Declined("length", f"It has {words} words, and had {draft.words}.")
    groundings = check_grounding(f"{draft.subject}\n\n{body}", known)
    if missing := ungrounded(groundings):
        return Declined("invented", f"“{missing[0].text}” stands in no evidence.")
    findings = review(f"{draft.subject}.\n\n{message_text(parts)}", client)
    before = {(finding.rule, finding.text) for finding in draft.findings}
    new = [finding for finding in findings if (finding.rule, finding.text) not in before]
    if new:
        return Declined("tone", f"“{new[0].text}”: {new[0].message}")
    return Rewording(parts, body, groundings, findings)


def _masks(client: Client, firm: Firm, manager: Manager) -> Masks:
    names = [client.name, client.organisation or "", client.salutation or "", firm.name, manager.name]
    names += [name for watch in client.watches for name in (watch.name, *watch.aliases, *watch.tickers)]
    wishes = [desire_phrase(desire, client, own_words=own)[1] for desire in client.desires for own in (True, False)]
    return Masks.of(names, wishes)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z’']+", MARK.sub(" ", text).casefold())


def _stems(text: str) -> set[str]:
    """The words of ``text`` that say something, without their endings."""
    empty = set(_raw()["empty"])
    return {re.sub(r"(?:ings?|ed|es|s|ly|e)$", "", word)[:7] for word in _words(text) if word not in empty}


def _clauses(text: str) -> list[set[str]]:
    """What is advised, why, and what would be advised; each by itself, for a reason must not outweigh an action."""
    found = [clause for match in _ADVICE.finditer(text) for clause in match.groups() if clause]
    return [stems for clause in found if (stems := _stems(clause))]


def _word(word: str) -> str:
    return re.escape(word) + r"\b" if word.startswith("n'") else rf"\b{re.escape(word)}\b"


def _has(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}", text) is not None


def _raw() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("rewording.yaml")
    return raw
