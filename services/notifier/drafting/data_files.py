"""Reads the data files that ship with this package. Each is read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from services.common.yaml_table import load_yaml
from services.notifier.trades.definition import StanceWords, TradeDefinition

__all__ = ["Phrasing", "phrasing", "phrasing_of", "read_text_file", "read_yaml", "word_list", "word_sections"]


def read_text_file(*path: str) -> str:
    """Return the text of a data file of this package."""
    return files("services.notifier.drafting").joinpath(*path).read_text(encoding="utf-8")


@cache
def read_yaml(*path: str) -> Any:
    """Return a data file of this package as plain dicts and lists. It is cached, so don't change it."""
    return load_yaml(read_text_file(*path))


@cache
def word_list(name: str) -> frozenset[str]:
    """Return the words of ``words/<name>.txt`` in lower case. Lines that start with # are comments."""
    lines = read_text_file("words", f"{name}.txt").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.casefold().split())


@cache
def word_sections(name: str) -> dict[str, tuple[str, ...]]:
    """Return the lines of each [section] of ``words/<name>.txt``, in lower case, without comments (#)."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in read_text_file("words", f"{name}.txt").casefold().splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[] "), [])
        elif line and not line.startswith("#"):
            lines.append(line.strip())
    return {section: tuple(lines) for section, lines in sections.items()}


@dataclass(frozen=True, slots=True)
class Phrasing:
    """The fixed phrases of drafts (phrasing.yaml) and the questions that close them (questions.yaml)."""

    basis: dict[str, dict[str, str]]
    opinion: dict[str, tuple[str, ...]]
    correction_action: dict[str, str]
    correction_reason: str
    warn_action: dict[str, str]
    warn_reason: tuple[str, ...]
    warn_safety: dict[str, str]
    warn_safety_reason: str
    warn_then: str
    public_then: str
    plan_action: tuple[str, ...]
    stance_label: dict[str, str]
    stance: dict[str, str]
    stance_short: dict[str, str]
    also_concerns: str
    also: dict[str, str]
    also_others: str
    if_right: str
    if_right_and: str
    position: dict[str, tuple[str, ...]]
    portfolio_effect: dict[str, str]
    named_date: str
    share: dict[str, str]
    first_sentence: dict[str, tuple[str, ...]]
    news: dict[str, str]
    kinds: dict[str, str]
    questions: dict[str, tuple[str, ...]]


@cache
def phrasing() -> Phrasing:
    """Return the phrases and questions that ship with the product."""
    raw: dict[str, Any] = read_yaml("phrasing.yaml")
    opinion = {pool: tuple(lines) for pool, lines in raw["opinion"].items()}
    questions = {pool: tuple(lines) for pool, lines in read_yaml("questions.yaml").items() if pool != "by_event"}
    warn_reason = tuple(raw["warn_reason"])
    first_sentence = {form: tuple(lines) for form, lines in raw["first_sentence"].items()}
    position = {rank: tuple(lines) for rank, lines in raw["position"].items()}
    return Phrasing(
        **{
            **raw,
            "opinion": opinion,
            "warn_reason": warn_reason,
            "first_sentence": first_sentence,
            "position": position,
            "plan_action": tuple(raw["plan_action"]),
        },
        questions=questions,
    )


def phrasing_of(trade: TradeDefinition) -> Phrasing:
    """Return the phrases with the trade's own words for the client's relation to what they have."""
    general = phrasing()

    def own(phrases: dict[str, str], word: Callable[[StanceWords], str | None]) -> dict[str, str]:
        given = {stance: word(words) for stance, words in trade.stances.items()}
        return {**phrases, **{stance: text for stance, text in given.items() if text is not None}}

    return replace(
        general,
        stance=own(general.stance, lambda words: words.sentence),
        stance_short=own(general.stance_short, lambda words: words.because),
        also=own(general.also, lambda words: words.also),
        stance_label=own(general.stance_label, lambda words: words.label),
        correction_action=own(general.correction_action, lambda words: words.correction),
        warn_action=own(general.warn_action, lambda words: words.unconfirmed),
        warn_safety=own(general.warn_safety, lambda words: words.unconfirmed_harm),
        share={**general.share, **{str(kind): text for kind, text in trade.share.items()}},
    )
