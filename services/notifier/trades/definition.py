"""The contents of a trade file. Every part but the name has a default: the words and questions for every trade."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.base import Model
from schemas.clients import Stance, Trade
from schemas.mentions import EventKind

__all__ = [
    "ALLOWED",
    "AssetKind",
    "DiscoveryQuestion",
    "Examples",
    "InterestKind",
    "StanceWords",
    "StandingSentence",
    "TradeDefinition",
    "TradeDesire",
]

AssetKind = Literal["holding", "product", "supplier", "site", "contract"]
InterestKind = Literal["topic", "industry", "competitor", "regulation", "place"]
#: Written for a word, it takes the word off the list of the trade that the file overrides.
ALLOWED = "allowed"
MAX_STANDING_WORDS = 20
_GERUND = re.compile(r"(?:not )?[a-z]+ing\b")
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")


class _Part(Model):
    """A part of a trade file. Fields that don't exist are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _fault(cause: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("trade", "{cause}", {"cause": cause, "fix": fix})


def _phrase(*placeholders: str, gerund: bool = False) -> AfterValidator:
    """Check a phrase with these placeholders."""

    def check(text: str) -> str:
        for placeholder in _PLACEHOLDER.findall(text):
            if placeholder not in placeholders:
                known = " and ".join(f"{{{name}}}" for name in placeholders)
                fix = f"Only {known} can be filled in." if known else "Nothing is filled in here."
                raise _fault(f"{{{placeholder}}} is not a placeholder here", fix)
        if any(character.isdigit() for character in text):
            raise _fault("it contains a number", "Numbers come only from the evidence. Rephrase it without one.")
        if "?" in text or "!" in text:
            raise _fault("it contains a question or exclamation mark", "Write a calm statement.")
        if gerund and not _GERUND.match(text):
            fix = 'It follows "you should consider", so write "leaving …".'
            raise _fault("it does not begin with a verb in -ing", fix)
        return text

    return AfterValidator(check)


def _question(text: str) -> str:
    if text.count("?") != 1 or not text.endswith("?"):
        raise _fault("it is not a single question", "Ask one thing, and end with the question mark.")
    if any(character.isdigit() for character in text) or "{" in text.replace("{asset}", ""):
        raise _fault("it contains a number or a placeholder", "Only {asset} is filled in.")
    return text


def _words(entries: Mapping[str, str]) -> Mapping[str, str]:
    for word in entries:
        if not any(character.isalnum() for character in word) or "*" in word[:-1]:
            fix = "Write a word or phrase; * may stand for any ending, as its last character."
            raise _fault(f"{word!r} is nothing to look for", fix)
    return entries


#: Words to look for, whole and in any letter case (* is any ending), and what to write instead, or why.
Words = Annotated[dict[str, str], AfterValidator(_words)]
Questions = tuple[Annotated[str, AfterValidator(_question)], ...]
Text = Annotated[str, Field(min_length=1)]


class People(_Part):
    """The words for the people whom messages go to."""

    one: Text = "client"
    many: Text = "clients"


class AssetKinds(_Part):
    """The kinds of assets that make sense in the trade (none: all), and the one where the book names none."""

    default: AssetKind = "product"
    allowed: tuple[AssetKind, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> AssetKinds:
        _check_default(self.default, self.allowed)
        return self


class InterestKinds(_Part):
    """The same for interests."""

    default: InterestKind = "topic"
    allowed: tuple[InterestKind, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> InterestKinds:
        _check_default(self.default, self.allowed)
        return self


def _check_default(default: str, allowed: tuple[str, ...]) -> None:
    if allowed and default not in allowed:
        raise _fault(f"the default, {default!r}, is not among those allowed", "Add it, or choose another default.")


class TradeDesire(_Part):
    """A desire: its noun phrase after "your desire for" (None: its name), and its other names."""

    phrase: Annotated[Text, _phrase()] | None = None
    also: tuple[Text, ...] = ()


def _desire(value: Any) -> Any:
    if value is None:
        return {}
    return {"also": value} if isinstance(value, list | tuple) else value


class StanceWords(_Part):
    """The words for the client's relation to what they have; None: as for every trade (phrasing.yaml).

    ``sentence`` states it, ``because`` follows "I am telling you now because", ``also`` follows "It also concerns",
    ``label`` follows "the client". ``correction``, ``unconfirmed`` and ``unconfirmed_harm`` say what to do then.
    ``questions`` close a message whose rule asks none.
    """

    sentence: Annotated[Text, _phrase("asset", "share")] | None = None
    because: Annotated[Text, _phrase("asset", "share")] | None = None
    also: Annotated[Text, _phrase("assets")] | None = None
    label: Annotated[Text, _phrase()] | None = None
    correction: Annotated[Text, _phrase("asset", gerund=True)] | None = None
    unconfirmed: Annotated[Text, _phrase("asset", gerund=True)] | None = None
    unconfirmed_harm: Annotated[Text, _phrase("asset", gerund=True)] | None = None
    questions: Questions = ()


class DiscoveryQuestion(_Part):
    """A question for a client. ``why`` is for the account manager; ``fills`` says where the answer is kept.

    ``formerly`` are earlier phrasings: an answer to one of them answers the question.
    """

    id: Text
    ask: Text
    why: Text
    fills: Literal["views", "history"]
    formerly: tuple[str, ...] = ()


class StandingSentence(_Part):
    """A sentence that stands at the end of every message, or of those about something with one of these stances."""

    text: Annotated[Text, _phrase()]
    stances: tuple[Stance, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> StandingSentence:
        if len(self.text.split()) > MAX_STANDING_WORDS or not self.text.endswith("."):
            raise _fault("it is not a short sentence", f"Write at most {MAX_STANDING_WORDS} words, with a full stop.")
        return self

    def stands_for(self, stance: Stance) -> bool:
        """Return whether it stands in a message about something with ``stance``."""
        return not self.stances or stance in self.stances


class Examples(_Part):
    """Invented names and news to try playbooks on, by stance and kind of event. {name} is filled in."""

    firm: Text = "Harbour & Vane"
    title: Text = "Senior adviser"
    names: dict[Stance, Text] = Field(default={})
    news: dict[EventKind, tuple[Text, Text]] = Field(default={})


def _sentence(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class TradeDefinition(_Part):
    """A trade as its files define it. ``like`` is the trade that it takes parts and rules from.

    ``medicines``: what clients have or follow may be a medicine, which is then watched under all its names.
    """

    trade: Trade
    title: Text | None = None
    description: Text | None = None
    like: Trade | None = None
    people: People = People()
    assets: AssetKinds = AssetKinds()
    interests: InterestKinds = InterestKinds()
    industry: Text | None = None
    medicines: bool = False
    desires: dict[Text, Annotated[TradeDesire, BeforeValidator(_desire)]] = Field(default={})
    stances: dict[Stance, StanceWords] = Field(default={})
    share: dict[Literal["holding", "other"], Annotated[Text, _phrase("percent")]] = Field(default={})
    questions: Questions = ()
    jargon: dict[Literal["some", "expert"], Words] = Field(default={})
    discovery: tuple[DiscoveryQuestion, ...] = ()
    tone: Words = Field(default={})
    never: Words = Field(default={})
    always: tuple[Annotated[StandingSentence, BeforeValidator(_sentence)], ...] = ()
    examples: Examples = Examples()

    @property
    def name(self) -> str:
        """The name for people."""
        return self.title or self.trade

    def questions_about(self, stance: Stance) -> tuple[str, ...]:
        """Return the trade's open questions about something with ``stance``; none: those of every trade."""
        words = self.stances.get(stance)
        return words.questions if words is not None and words.questions else self.questions
