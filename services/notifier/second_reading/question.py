"""The question to a second reader, and the checks of its answer. Pure: nothing is sent from here.

The question holds public text only: what an item says, and the name as the item writes it. Nothing of the client book
is known here. Of the answer, only values of the six fields are used, and only if the quoted passage stands in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.base import Model, content_id
from schemas.items import Item
from schemas.mentions import Mention
from schemas.readings import EventFamily, Firmness, Genre, Outlook, Reading, ReadingField, Role, SecondReading, Weight
from services.common.yaml_table import load_yaml

__all__ = [
    "ANSWER_SCHEMA",
    "Passage",
    "ReadingQuestion",
    "ask_about",
    "build_question",
    "check_answer",
    "disputed_fields",
]

#: Characters of the text that are shown, and on either side of the name if it stands further down.
LEAD, AROUND = 1_000, 250
TITLE, NAME = 400, 120
#: Names of hosts that only a firm's own network knows.
PRIVATE_SUFFIXES = (".local", ".localhost", ".internal", ".intranet", ".lan", ".corp", ".home", ".arpa", ".test")
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party", "affected"))
_FIRM: frozenset[Firmness] = frozenset(("fact", "reported", "plan"))
_WORTH_TELLING: frozenset[Weight] = frozenset(("major", "worth"))


class Passage(Model):
    """The part of an item that is shown: its title, the beginning of its text, and the name as it is written there."""

    title: str
    text: str
    name: str


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """A question to the model. ``key`` is derived from its content: the same question has the same answer."""

    key: str
    system: str
    user: str


class _Answer(BaseModel):
    """The reading of one passage."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, title="reading")

    role: Role
    kind: EventFamily
    genre: Genre
    status: Firmness
    direction: Outlook
    weight: Weight
    quote: str = Field(min_length=8, max_length=600)


#: The JSON Schema of an answer.
ANSWER_SCHEMA: Mapping[str, Any] = _Answer.model_json_schema()


def ask_about(item: Item, mention: Mention, private_hosts: frozenset[str] = frozenset()) -> Passage | None:
    """Return what to show of ``item``; None if it may not be public, or doesn't write the name.

    An item is public if its address and its feed's are on the web, without a password. ``private_hosts`` are those of
    the firm's own network.
    """
    if not mention.spans or not _is_public(item.url, private_hosts):
        return None
    if item.source.feed_url is not None and not _is_public(item.source.feed_url, private_hosts):
        return None
    span = mention.spans[0]
    shown = item.summary or item.body or ""
    text = shown[:LEAD]
    if span.text not in item.title and span.text not in text:
        field = {"title": item.title, "summary": item.summary, "body": item.body}[span.field] or ""
        around = field[max(0, span.start - AROUND) : span.end + AROUND]
        text = f"{text}\n…{around}…"
    return Passage(title=item.title[:TITLE], text=text, name=span.text[:NAME])


def build_question(passage: Passage) -> ReadingQuestion:
    """Return the question about ``passage``, which stands between marks that it can't contain."""
    words = _words()
    mark = content_id("text", passage.title, passage.text, passage.name)
    user = f"{words['name']}: {passage.name}\n{mark}\n{passage.title}\n\n{passage.text}\n{mark}\n{words['task']}"
    system = str(words["system"]).strip().format(mark=mark)
    return ReadingQuestion(content_id("ask", system, user), system, user)


def check_answer(answer: str, passage: Passage, model: str) -> SecondReading | str:
    """Return the second reading, or why ``answer`` is not used: it must be valid, and its quotation verbatim."""
    text = re.sub(r"^```(?:json)?\s*|\s*```$", "", answer.strip())
    try:
        given = _Answer.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        return f"The answer is not valid: {where + ': ' if where else ''}{first['msg']}."
    quote = _collapsed(given.quote)
    if not any(quote in _collapsed(part) for part in (passage.title, passage.text)):
        return "The answer quotes words that are not in the text."
    return SecondReading(model=model, **{**given.model_dump(), "quote": quote})


def disputed_fields(first: Reading, second: SecondReading) -> tuple[ReadingField, ...]:
    """Return the fields in which two readings differ with consequences."""
    differs: dict[ReadingField, bool] = {
        "role": (first.role in _TAKES_PART) != (second.role in _TAKES_PART),
        "kind": first.kind != second.kind,
        "genre": (first.genre == "news") != (second.genre == "news"),
        "status": (first.status in _FIRM) != (second.status in _FIRM),
        "direction": {first.direction, second.direction} == {"good", "bad"},
        "weight": (first.weight in _WORTH_TELLING) != (second.weight in _WORTH_TELLING),
    }
    return tuple(field for field, differ in differs.items() if differ)


def _is_public(url: str | None, private_hosts: frozenset[str]) -> bool:
    try:
        parts = urlsplit(url or "")
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or host in private_hosts:
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(PRIVATE_SUFFIXES)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


@cache
def _words() -> dict[str, str]:
    raw = files("services.notifier.second_reading").joinpath("question.yaml").read_text(encoding="utf-8")
    words: dict[str, str] = load_yaml(raw)
    return words
