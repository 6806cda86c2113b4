"""The basis of a draft: the alert, the client's entry in the book, and what they were told before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeVar

from pydantic import Field

from schemas.alerts import Alert, Evidence, Verdict
from schemas.base import Utc, content_id
from schemas.clients import Client, Firm, Manager, Watch
from schemas.drafts import AffectedWatch
from schemas.mentions import Direction, EventKind
from services.common.stored import StoredModel
from services.notifier.contact.hours import client_zone
from services.notifier.drafting.casing import is_known_name
from services.notifier.drafting.data_files import Phrasing, phrasing_of
from services.notifier.drafting.dictionary import is_ordinary
from services.notifier.drafting.headline_prose import with_its_article, within_sentence
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition

__all__ = ["Brief", "DraftedStory", "format_day", "month_of", "pick"]

T = TypeVar("T")
Size = Literal["minor", "moderate", "major"]


class DraftedStory(StoredModel):
    """A story that a draft was written about, and what became of the draft.

    ``dismissed`` is why the draft is not to be sent: the account manager's reason, ``superseded``, ``merged``,
    ``withdrawn``, ``outranked`` or ``expired``. ``attached_to`` is the alert whose draft tells the same event, where
    this story is of another watch of the client. ``counts`` is False for a message that takes none of the client's
    weekly messages.
    ``silent``: it is another story of the same watch, whose event the draft tells in the words of a better one.
    """

    draft_id: str
    alert_id: str
    story_id: str
    entity_id: str
    revision: int
    verdict: Verdict
    item_ids: tuple[str, ...]
    publisher: str
    quote: str = Field(alias="words")
    drafted_at: Utc
    sent_at: Utc | None = None
    dismissed: str | None = None
    entity_name: str = ""
    headline: str = ""
    kind: EventKind | None = None
    attached_to: str | None = None
    counts: bool = True
    direction: Direction = "unclear"
    size: Size = "moderate"
    related_stories: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    silent: bool = False

    @property
    def event_id(self) -> str:
        """Return what the stories of one event in one draft have in common: the alert that the draft is written on."""
        return self.attached_to or self.alert_id

    @property
    def waiting(self) -> bool:
        """Return whether the draft still waits for the account manager."""
        return self.sent_at is None and self.dismissed is None


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything a draft may be based on. ``earlier`` is the message that it corrects, confirms or continues.

    ``affects`` is what else of the client the same event concerns; ``trades`` are those in force. ``ranked`` is the
    evidence in the order in which it is told, if that has been found already; ``beside`` is evidence of poorer sources,
    which the message does not tell.
    """

    alert: Alert
    client: Client
    firm: Firm
    manager: Manager
    now: datetime
    earlier: DraftedStory | None = None
    affects: tuple[AffectedWatch, ...] = ()
    trades: Trades = field(default_factory=Trades.shipped)
    ranked: tuple[Evidence, ...] = ()
    beside: tuple[Evidence, ...] = ()

    @property
    def trade(self) -> TradeDefinition:
        """The client's trade."""
        return self.trades.of(self.client.trade)

    @property
    def phrases(self) -> Phrasing:
        """The fixed phrases, in the words of the client's trade."""
        return phrasing_of(self.trade)

    @property
    def watch(self) -> Watch | None:
        """The client's watch that the alert is about."""
        return next((watch for watch in self.client.watches if watch.entity_id == self.alert.entity_id), None)

    @property
    def watched_name(self) -> str:
        """The name under which the client watches it, as it stands in the book."""
        return self.watch.name if self.watch else self.alert.entity_name

    @property
    def asset(self) -> str:
        """The same as it stands within a sentence: "inflation", "the SEC", "the NHS", "insulin"."""
        if self.watch is None or not self.watch.is_subject:
            name = self.watched_name
            medicine = self.trade.medicines and self.watch is not None and self.watch.kind == "product"
            generic = medicine and name.isalpha() and name.istitle() and is_ordinary(name.casefold())
            return name.casefold() if generic and not is_known_name(name.casefold()) else with_its_article(name)
        return within_sentence(self.watched_name)


def pick(choices: tuple[T, ...], *seed: str) -> T:
    """Return one of ``choices``, always the same for the same ``seed``."""
    return choices[int(content_id("pick", *seed).removeprefix("pick_"), 16) % len(choices)]


def month_of(brief: Brief) -> str:
    """Return the month in the client's time zone, to pick a phrase that stays for weeks but varies over the year."""
    return f"{brief.now.astimezone(client_zone(brief.client) or UTC):%Y-%m}"


def format_day(moment: datetime, client: Client, now: datetime) -> str:
    """Return the day of ``moment`` in the client's time zone: ``3 March``, with the year if it is not this year."""
    zone = client_zone(client) or UTC
    local, today = moment.astimezone(zone), now.astimezone(zone)
    day = f"{local.day} {local:%B}"
    return day if local.year == today.year else f"{day} {local.year}"
