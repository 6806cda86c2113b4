"""The API's requests and responses about clients' entries, in the words of the client book's file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictFloat

from schemas.base import InWords, Model, Whole
from schemas.clients import Client, Mood, Risk, Style
from services.notifier.client_book.history import ChangeAction
from services.notifier.client_book.port import EntryProblem
from services.notifier.desk.api.models import Compact

__all__ = [
    "Archiving",
    "BookEntry",
    "ClientEntry",
    "EntryEdit",
    "FileDifferences",
    "FileField",
    "HistoryItem",
    "MatchedStory",
    "PreviewOfInterest",
    "PreviewedInterest",
    "SavedEntry",
]

Texts = str | tuple[str, ...]


class _Written(Model):
    """A part of an entry. Unknown fields are refused, as in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NearWords(_Written):
    """Words that must stand close together."""

    words: Texts
    within: Annotated[int, Whole] | None = None


class ScopeOf(_Written):
    """The part of a subject that concerns the client."""

    industries: Texts | None = None
    regions: Texts | None = None
    parties: Texts | None = None


class WatchedThing(_Written):
    """An asset or an interest. ``weight`` is a share such as ``12%`` or ``0.12``."""

    name: str | None = None
    kind: str | None = None
    id: str | None = None
    ticker: str | None = None
    tickers: Texts | None = None
    isin: str | None = None
    cik: str | None = None
    weight: str | StrictFloat | None = None
    aliases: Texts | None = None
    context: Texts | None = None
    exclude: Texts | None = None
    topic: str | StrictBool | None = None
    any_of: Texts | None = None
    all_of: Texts | None = None
    none_of: Texts | None = None
    near: NearWords | tuple[NearWords, ...] | None = None
    scope: Literal["all"] | ScopeOf | None = None
    note: str | None = None


class WantedGoal(_Written):
    """A goal, and the client's own words for it."""

    name: str
    words: str | None = None


class WrittenNote(_Written):
    """A note: something that the client said, and when."""

    text: str
    at: Annotated[date, InWords] | None = None
    question: str | None = None


class WrittenBlackout(_Written):
    """A period without contact; ``about`` limits it to these subjects."""

    since: Annotated[date, InWords] | None = Field(default=None, alias="from")
    until: Annotated[date, InWords]
    reason: str
    about: Texts | None = None


class ContactRules(_Written):
    """The rules for contacting a client. ``do_not_contact`` may be the reason; ``quiet`` is hours, or ``none``."""

    email: str | None = None
    phone: str | None = None
    channels: Texts | None = None
    max_per_week: Annotated[int, Whole] | None = None
    minutes_per_contact: Annotated[int, Whole] | None = None
    quiet: str | None = None
    working_days: Texts | None = None
    cadence: str | None = None
    do_not_contact: StrictBool | str | None = None
    information_only: StrictBool | None = None
    restricted: Texts | None = None
    blackouts: tuple[WrittenBlackout, ...] | None = None
    max_silence_days: Annotated[int, Whole] | None = None
    merge_minutes: Annotated[int, Whole] | None = None


class BookEntry(_Written):
    """A client as the book's file writes them. What is left out takes its default, and risk and goals none."""

    id: str | None = None
    name: str
    organisation: str | None = None
    manager: str | None = None
    trade: str | None = None
    time_zone: str | None = None
    language: str | None = None
    salutation: str | None = None
    jurisdiction: str | None = None
    desires: tuple[str | WantedGoal, ...] | None = None
    risk: Risk | Literal["unknown"] | None = None
    end_vision: str | None = None
    personality: str | None = None
    style: tuple[Style, ...] | None = None
    jargon: Literal["plain", "some", "expert"] | None = None
    mood: Mood | None = None
    views: tuple[str | WrittenNote, ...] | None = None
    history: tuple[str | WrittenNote, ...] | None = None
    assets: tuple[str | WatchedThing, ...] | None = None
    interests: tuple[str | WatchedThing, ...] | None = None
    contact: ContactRules | None = None


class EntryEdit(Model):
    """An edited entry, and the version in which it was read."""

    version: Annotated[int, Field(ge=0), Whole]
    entry: BookEntry


class Archiving(Model):
    """The reason for archiving a client."""

    reason: str = Field(default="", max_length=300)


class ClientEntry(Model):
    """A client with the version that an edit names, the entry as the file writes it, and what is worth checking."""

    version: int
    client: Annotated[Client, Compact]
    entry: Annotated[BookEntry, Compact]
    warnings: tuple[EntryProblem, ...]


class SavedEntry(Model):
    """A saved client, their version, and the fields that changed."""

    client_id: str
    version: int
    fields: tuple[str, ...]


class ChangedField(Model):
    """A change of one field in words."""

    field: str
    label: str
    before: str
    after: str


class FileDifferences(Model):
    """The fields in which the client book's file of ``imported_at`` differs from the desk; null: in none."""

    client_id: str
    version: int
    imported_at: datetime | None
    differences: Sequence[ChangedField]


class FileField(Model):
    """The field to take from the file, such as ``risk``, and the version of the client that was compared."""

    field: str = Field(min_length=1, max_length=80)
    version: Annotated[int, Field(ge=0, lt=2**31), Whole]


class HistoryItem(Model):
    """A change of a client's entry. ``who`` is null if a command made it."""

    version: int
    at: datetime
    who: str | None
    action: ChangeAction
    comment: str | None
    import_id: str | None
    changes: Sequence[ChangedField]


class PreviewedInterest(Model):
    """An interest to try; ``trade`` is the client's."""

    interest: WatchedThing
    trade: str | None = None


class MatchedStory(Model):
    """A story that an interest would have matched, and the words ``by`` which it did."""

    title: str
    publisher: str
    url: str | None
    at: datetime
    by: tuple[str, ...]


class PreviewOfInterest(Model):
    """The number of stories that an interest would have matched, and the newest of them.

    ``searched`` stored items, back to ``since``, were searched. ``unlimited``: without a scope, only major stories
    would count.
    """

    total: int
    searched: int
    since: datetime
    unlimited: bool
    stories: Sequence[MatchedStory]
