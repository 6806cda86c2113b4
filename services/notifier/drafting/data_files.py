"""Reads the data files that ship with this package. Each is read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ruamel.yaml import YAML

__all__ = ["Phrasing", "phrasing", "read_text_file", "read_yaml", "word_list"]


def read_text_file(*path: str) -> str:
    """Return the text of a data file of this package."""
    return files("services.notifier.drafting").joinpath(*path).read_text(encoding="utf-8")


@cache
def read_yaml(*path: str) -> Any:
    """Return a data file of this package as plain dicts and lists. It is cached, so don't change it."""
    return YAML(typ="safe", pure=True).load(read_text_file(*path))


@cache
def word_list(name: str) -> frozenset[str]:
    """Return the words of ``words/<name>.txt`` in lower case. Lines that start with # are comments."""
    lines = read_text_file("words", f"{name}.txt").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.casefold().split())


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
    plan_action: str
    stance_label: dict[str, str]
    stance: dict[str, str]
    stance_short: dict[str, str]
    also_concerns: str
    also: dict[str, str]
    also_others: str
    share: dict[str, str]
    news: dict[str, str]
    questions: dict[str, tuple[str, ...]]


@cache
def phrasing() -> Phrasing:
    """Return the phrases and questions that ship with the product."""
    raw: dict[str, Any] = read_yaml("phrasing.yaml")
    opinion = {pool: tuple(lines) for pool, lines in raw["opinion"].items()}
    questions = {pool: tuple(lines) for pool, lines in read_yaml("questions.yaml").items()}
    warn_reason = tuple(raw["warn_reason"])
    return Phrasing(**{**raw, "opinion": opinion, "warn_reason": warn_reason}, questions=questions)
