"""Reads the data that ships beside the code. Every file is ours, and read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

__all__ = ["Phrasing", "phrasing", "shipped_text", "shipped_yaml", "word_list"]


def shipped_text(*path: str) -> str:
    """The text of a data file below this package."""
    return files("services.notifier.drafting").joinpath(*path).read_text(encoding="utf-8")


@cache
def shipped_yaml(*path: str) -> Any:
    """A data file below this package as plain dicts and lists; don't change what you get."""
    return YAML(typ="safe", pure=True).load(shipped_text(*path))


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of ``words/<name>.txt``, lower case; lines that start with # are remarks."""
    lines = shipped_text("words", f"{name}.txt").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.casefold().split())


@dataclass(frozen=True, slots=True)
class Phrasing:
    """The fixed wording of drafts (phrasing.yaml) and the questions that close them (questions.yaml)."""

    opinion: tuple[str, ...]
    opinion_infinitive: tuple[str, ...]
    opinion_without_desire: tuple[str, ...]
    opinion_calm: tuple[str, ...]
    opinion_calm_infinitive: tuple[str, ...]
    correction_action: dict[str, str]
    correction_reason: str
    warn_action: dict[str, str]
    warn_reason: str
    warn_then: str
    no_rule: str
    stance_label: dict[str, str]
    stance: dict[str, str]
    stance_short: dict[str, str]
    share: dict[str, str]
    news: dict[str, str]
    questions: dict[str, tuple[str, ...]]


@cache
def phrasing() -> Phrasing:
    """The wording that ships with the product."""
    raw: dict[str, Any] = shipped_yaml("phrasing.yaml")
    lists = {key: tuple(lines) for key, lines in raw.items() if key.startswith("opinion")}
    questions = {pool: tuple(lines) for pool, lines in shipped_yaml("questions.yaml").items()}
    return Phrasing(**{**raw, **lists}, questions=questions)
