"""Asks a language model to reword a draft, or to write its message from the plan and the evidence (pure).

The model sees neither the client nor the firm: names of the client book, figures, dates and desires are marks. What
newspapers wrote stands between two marks that it can't contain, and is said to be data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.alerts import Alert, Evidence
from schemas.base import content_id
from schemas.clients import Client, Firm, Manager
from schemas.drafts import Draft
from services.notifier.drafting.clauses import clean_title
from services.notifier.drafting.corroboration import without_weak_evidence
from services.notifier.drafting.data_files import phrasing_of, read_yaml, word_list
from services.notifier.drafting.grounding import sentence_spans
from services.notifier.drafting.opinion import desire_phrase
from services.notifier.rewording.equivalence import split_advice
from services.notifier.rewording.masking import Masks
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition

__all__ = ["MAX_WRITTEN_WORDS", "OWN_PARTS", "Mode", "Question", "build_question"]

#: reword: the model may change the phrasing of our own words · write: it writes the message, news and subject included.
Mode = Literal["reword", "write"]
#: The parts that are in our own words.
OWN_PARTS = ("meaning", "opinion", "question")
#: The length of a message that a model writes.
MAX_WRITTEN_WORDS = 120
#: The parts of a message that a model may write, and those that it must have.
_WRITTEN, _NEEDED = ("news", *OWN_PARTS), {"news", "meaning", "question"}
#: A longer name of a desire may be the client's own words.
_DESIRE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A question to the model. ``key`` is derived from its content: the same question has the same answer.

    ``parts`` are the indexes of the draft's parts that it is about, by their name in the question; ``masked`` is the
    text of each, with marks, and of the subject if the model writes one. ``titles`` are the headlines of
    the evidence and ``reports`` the first sentence of the report that the draft tells, if there is one, with marks.
    """

    key: str
    system: str
    user: str
    mode: Mode
    parts: Mapping[str, int]
    masked: Mapping[str, str]
    masks: Masks = field(repr=False)
    titles: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()


def build_question(
    draft: Draft,
    alert: Alert | None,
    client: Client,
    firm: Firm,
    manager: Manager,
    *,
    mode: Mode = "reword",
    share_news: bool = False,
    trades: Trades | None = None,
) -> Question | None:
    """Return the question about ``draft``; None if it has no parts in our own words.

    Corrections, contested news, messages about several events and long ones are only reworded, whatever ``mode`` is.
    When the model rewords, ``share_news`` shows it the quotations of the evidence. ``trades`` are those in force, by
    default those that ship.
    """
    trades = trades or Trades.shipped()
    masks = _masks(client, firm, manager, trades)
    if mode == "write" and alert is not None and _may_be_written(draft, alert):
        return _writing(draft, alert, client, masks, trades.of(client.trade))
    return _rewording(draft, client, masks, share_news)


def _rewording(draft: Draft, client: Client, masks: Masks, share_news: bool) -> Question | None:
    own = [index for index, part in enumerate(draft.parts) if part.role in OWN_PARTS]
    if not own or draft.parts[own[-1]].role != "question":
        return None
    parts = {str(number): index for number, index in enumerate(own, start=1)}
    masked = {number: masks.mask(draft.parts[index].text) for number, index in parts.items()}
    context = _reader(client)
    news = "\n".join(entry.text for entry in draft.grounding if entry.kind == "quotation" and entry.where == "evidence")
    if share_news and news:
        context.append(_fenced("news", news))
    return _question("reword", [*context, _json(masked)], parts, masked, masks)


def _writing(draft: Draft, alert: Alert, client: Client, masks: Masks, trade: TradeDefinition) -> Question:
    parts: dict[str, int] = {part.role: index for index, part in enumerate(draft.parts) if part.role in _WRITTEN}
    own = {role: masks.mask(draft.parts[index].text) for role, index in parts.items() if role != "news"}
    news = {name: masks.mask(text, public=True) for name, text in _told(draft).items()}
    titles = tuple(masks.mask(_headline(item), public=True) for item in without_weak_evidence(alert).evidence)
    reports = tuple(masks.mask(text, public=True) for text in _sentences(draft, alert))
    plan: dict[str, Any] = {
        "event": alert.kind.replace("_", " "),
        "unconfirmed": alert.verdict == "warn",
        "client": phrasing_of(trade).stance_label[alert.stance],
        **({"risk": client.risk} if client.risk is not None else {}),
        "wishes": [name for desire in client.desires if _is_plain(name := desire.name.replace("_", " "))],
    }
    if "opinion" in own and (advice := split_advice(own["opinion"])) is not None:
        plan |= {"action": advice[0], "reason": advice[1]}
    untrusted = _fenced("news_to_tell", _json({**news, "evidence": list(dict.fromkeys(reports))}))
    asked = _json({"plan": plan, "draft": own})
    return _question("write", [*_reader(client), untrusted, asked], parts, {**news, **own}, masks, titles, reports)


def _question(
    mode: Mode,
    blocks: list[str],
    parts: Mapping[str, int],
    masked: Mapping[str, str],
    masks: Masks,
    titles: tuple[str, ...] = (),
    reports: tuple[str, ...] = (),
) -> Question:
    system, user = str(_raw()[mode]).strip(), "\n\n".join(filter(None, blocks))
    return Question(content_id("ask", system, user), system, user, mode, parts, masked, masks, titles, reports)


def _may_be_written(draft: Draft, alert: Alert) -> bool:
    roles = [part.role for part in draft.parts if part.role in _WRITTEN]
    one_event = len(roles) == len(set(roles)) and set(roles) >= _NEEDED and len(draft.told_alerts) <= 1
    plain = draft.purpose == "news" and alert.verdict != "correct" and not alert.contested
    return plain and one_event and draft.words <= MAX_WRITTEN_WORDS


def _told(draft: Draft) -> dict[str, str]:
    return {"subject": draft.subject, "news": next(part.text for part in draft.parts if part.role == "news")}


def _sentences(draft: Draft, alert: Alert) -> list[str]:
    """Return the first sentence of the report that the draft tells, if it says it without doubt."""
    told = next(part.evidence for part in draft.parts if part.role == "news")[:1]
    lead = next((item for item in alert.evidence if item.item_id in told), None)
    if lead is None or alert.verdict == "warn" or lead.status != "asserted" or lead.supports != "claim":
        return []
    return [lead.quote[start:end].strip() for start, end in list(sentence_spans(lead.quote))[:1]]


def _headline(item: Evidence) -> str:
    return clean_title(item.title, item.publisher, item.host or "")


def _is_plain(desire: str) -> bool:
    """Return whether a desire is named in general words, which say nothing about a person."""
    words = desire.casefold().split()
    return 0 < len(words) <= _DESIRE_WORDS and word_list("common").issuperset(words)


def _reader(client: Client) -> list[str]:
    raw = _raw()
    return [raw["reader"][client.jargon], raw["mood"][client.mood]]


def _fenced(about: str, untrusted: str) -> str:
    """Return text that others wrote between two marks that it can't contain, since they depend on it."""
    mark = content_id("news", untrusted)
    return f"{_raw()[about].format(mark=mark).strip()}\n{mark}\n{untrusted}\n{mark}"


def _masks(client: Client, firm: Firm, manager: Manager, trades: Trades) -> Masks:
    names = [client.name, client.organisation or "", client.salutation or "", firm.name, manager.name]
    names += [name for watch in client.watches for name in (watch.name, *watch.aliases, *watch.tickers)]
    own_words = (True, False)
    desires = [
        desire_phrase(desire, client, trades, own_words=own)[1] for desire in client.desires for own in own_words
    ]
    return Masks.of(names, desires)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _raw() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("rewording.yaml")
    return raw
