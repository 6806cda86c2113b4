"""Finds the sentences of a trade that stand in every message, and reports those that are missing."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.clients import Stance
from schemas.drafts import Finding
from services.notifier.trades.definition import TradeDefinition

__all__ = ["check_standing", "standing_sentences"]


def standing_sentences(trade: TradeDefinition, stances: Iterable[Stance]) -> tuple[str, ...]:
    """Return the sentences that stand in a message about things with these stances, each once, in the file's order."""
    wanted = tuple(stances)
    found = (sentence.text for sentence in trade.always if any(sentence.stands_for(stance) for stance in wanted))
    return tuple(dict.fromkeys(found))


def check_standing(text: str, trade: TradeDefinition, stances: Iterable[Stance]) -> tuple[Finding, ...]:
    """Report the sentences that must stand in ``text``, a message about things with these stances, and don't."""
    written = _plain(text)
    return tuple(
        Finding(
            rule="standing_sentence",
            text="",
            message=f"A sentence is missing that stands in every such message: “{sentence}”",
            mend="Put it back, word for word.",
            severity="error",
        )
        for sentence in standing_sentences(trade, stances)
        if _plain(sentence) not in written
    )


def _plain(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())
