"""Suggests, from the notes on conversations, that a client is upset. It is a suggestion: a person decides. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from schemas.clients import Client
from services.common.yaml_table import load_yaml

__all__ = ["ConversationNote", "MoodSuggestion", "suggest_mood"]

#: A suggestion is shown so long after the conversation.
LASTS = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class ConversationNote:
    """A note on a conversation with a client, with the time of the conversation."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class MoodSuggestion:
    """The client seems upset: the sentence of the notes that says so, its words, and when the conversation was."""

    quote: str
    words: str
    at: datetime


def suggest_mood(client: Client, notes: Iterable[ConversationNote], now: datetime) -> MoodSuggestion | None:
    """Return the suggestion that ``client`` is upset, from the latest conversation that says so; None if none does.

    None as well if they are marked as upset already, if an account manager has decided since, if the conversation was
    more than three weeks ago, or if a later one says that they are content again.
    """
    if client.mood == "upset":
        return None
    since = max(now - LASTS, client.mood_decided_at or now - LASTS)
    for note in sorted(notes, key=lambda note: note.at, reverse=True):
        if not since < note.at:
            break
        for sentence in re.split(r"(?<=[.!?])\s+|\n+", note.text):
            if (words := _upset_words(sentence)) is not None:
                return MoodSuggestion(sentence.strip(), words, note.at)
        if re.search(rf"\b(?:{_data()['settled']})\b", _plain(note.text)):
            break
    return None


def _upset_words(sentence: str) -> str | None:
    """Return the words of ``sentence`` that say somebody is upset, unless it denies them."""
    raw, plain = _data(), _plain(sentence)
    if (match := re.search(rf"(?:\b|(?<=\w)(?=n't)){raw['not_content']}\b", plain)) is not None:
        return match[0]
    for match in re.finditer(rf"\b(?:{raw['upset']})\b", plain):
        before = " ".join(plain[: match.start()].split()[-raw["denied_within"] :])
        if not re.search(rf"(?:\b|(?<=\w))(?:{raw['denials']})\b", before):
            return match[0]
    return None


def _plain(text: str) -> str:
    return text.casefold().replace("’", "'")


@cache
def _data() -> dict[str, Any]:
    text = files("services.notifier.contact").joinpath("mood.yaml").read_text(encoding="utf-8")
    raw: dict[str, Any] = load_yaml(text)
    return raw
