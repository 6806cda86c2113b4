"""The client book: who the clients are, what they own and care about, and how they wish to be spoken to."""

from __future__ import annotations

from datetime import date, time
from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Model, Payload

__all__ = [
    "STANCE_OF",
    "Blackout",
    "Book",
    "Client",
    "ClientChanged",
    "ClientRemoved",
    "ComplianceNote",
    "ContactPolicy",
    "Desire",
    "DigestWish",
    "Firm",
    "Manager",
    "Near",
    "Note",
    "Query",
    "Risk",
    "Stance",
    "Trade",
    "Watch",
    "WatchKind",
]

Risk = Literal["limited", "moderate", "high"]
Trade = Literal["wealth", "it", "agency", "legal"]
WatchKind = Literal[
    "holding", "product", "supplier", "site", "contract", "topic", "industry", "competitor", "regulation", "place"
]
#: How the client stands to what is watched; playbooks are looked up by it.
Stance = Literal["holds", "uses", "supplied_by", "operates_in", "contracts_with", "competes", "regulated_by", "follows"]

STANCE_OF: dict[WatchKind, Stance] = {
    "holding": "holds",
    "product": "uses",
    "supplier": "supplied_by",
    "site": "operates_in",
    "contract": "contracts_with",
    "competitor": "competes",
    "regulation": "regulated_by",
    "topic": "follows",
    "industry": "follows",
    "place": "follows",
}


class Near(Model):
    """All of ``words`` stand in one field of an item, with at most ``within`` words from the first to the last."""

    words: tuple[str, ...]
    within: int = Field(default=8, ge=1, le=50)


class Query(Model):
    """What an item must say: each of the parts that are given holds.

    A term is a word, phrase or name; ``a | b`` stands for either. ``none_of`` alone looks for nothing.
    """

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()


class Watch(Model):
    """Something of a client's that news may touch.

    ``entity_id`` is what is watched, shared by all clients who watch the same: given in the book, else derived from
    ISIN, ticker or name (with its context, for two companies may share a name). ``aliases`` are further names.
    ``context``: at least one of these words must stand in the item; ``exclude``: none of these may.
    ``topic`` names a shipped topic, ``query`` says in what words to look; with either, ``name`` is only a label, and
    where both are given both must hold.
    ``weight`` is the share of the client's portfolio or spend, 0–1.
    """

    entity_id: str
    name: str
    kind: WatchKind
    aliases: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    isin: str | None = None
    context: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    topic: str | None = None
    query: Query | None = None
    weight: float | None = Field(default=None, ge=0, le=1)
    note: str | None = None

    @property
    def is_asset(self) -> bool:
        """Whether the client owns it, runs on it, is bound to it; an interest is only followed."""
        return self.kind in ("holding", "product", "supplier", "site", "contract")

    @property
    def stance(self) -> Stance:
        """How the client stands to it."""
        return STANCE_OF[self.kind]


class Desire(Model):
    """What the client wants (``income``, ``growth``, ``continuity`` …), and in which words they say it."""

    name: str
    words: str | None = None


class Blackout(Model):
    """A time in which the client is not written to: leave, mourning, a deal. ``since`` and ``until`` are whole days
    of the client's, ``until`` the last of them; without ``since`` it runs already.

    ``about`` names what is not spoken of (as the book watches it, or by its entity id); without it, nothing is sent.
    """

    since: date | None = None
    until: date
    reason: str
    about: tuple[str, ...] = ()


class ContactPolicy(Model):
    """How often, when and by what the client may be contacted. Hours are local to the client's time zone.

    ``cadence`` is what was promised ("weekly, Friday by noon"). ``max_silence_days``: after so long without a contact
    something worth saying is looked for. ``merge_minutes``: stories that come within it go into one message.
    """

    channels: tuple[str, ...] = ("email",)
    email: str | None = None
    phone: str | None = None
    max_per_week: int = Field(default=3, ge=0)
    minutes_per_contact: int = Field(default=2, ge=1)
    quiet_from: time | None = time(19, 0)
    quiet_until: time | None = time(8, 0)
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    cadence: str | None = None
    do_not_contact: bool = False
    do_not_contact_reason: str | None = None
    information_only: bool = False
    restricted: tuple[str, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    max_silence_days: int | None = Field(default=None, ge=1)
    merge_minutes: int = Field(default=30, ge=0)


class Note(Model):
    """Something learnt from the client: a discovery answer, a piece of history. ``at`` is the day it was said.

    ``source``: whether it stands in the book's file, or was written down at the desk.
    """

    text: str
    at: date | None = None
    question: str | None = None
    source: Literal["book", "desk"] = "book"


class Client(Model):
    """One client as the book has them. ``time_zone`` is an IANA name, ``language`` a BCP 47 tag.

    ``jurisdiction`` is the one whose rules a message to them follows, in the firm's own words (CH, England, …).
    """

    id: str
    name: str
    organisation: str | None = None
    manager_id: str
    trade: Trade
    time_zone: str = "UTC"
    language: str = "en"
    salutation: str | None = None
    jurisdiction: str | None = None
    desires: tuple[Desire, ...] = ()
    risk: Risk = "moderate"
    end_vision: str | None = None
    personality: str | None = None
    jargon: Literal["plain", "some", "expert"] = "plain"
    mood: Literal["calm", "upset"] = "calm"
    views: tuple[Note, ...] = ()
    history: tuple[Note, ...] = ()
    assets: tuple[Watch, ...] = ()
    interests: tuple[Watch, ...] = ()
    contact: ContactPolicy = ContactPolicy()

    @property
    def watches(self) -> tuple[Watch, ...]:
        """Assets, then interests."""
        return self.assets + self.interests


class DigestWish(Model):
    """When and by what an account manager wants the day's digest: local hour and days (0 is Monday).

    ``by``: the first of these channels is used, the next if that one fails. ``empty``: what comes on a day on which
    there is nothing.
    """

    hour: time = time(7, 30)
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    by: tuple[str, ...] = ("email",)
    empty: Literal["one_line", "nothing"] = "one_line"


class Manager(Model):
    """An account manager: whose name stands under the message. ``digest`` is None where none is wanted.

    ``urgent``: by which channels they hear at once of a draft that can't wait, each if the one before failed.
    """

    id: str
    name: str
    email: str | None = None
    title: str | None = None
    signature: str | None = None
    time_zone: str = "UTC"
    language: str = "en"
    digest: DigestWish | None = None
    urgent: tuple[str, ...] = ()


class ComplianceNote(Model):
    """What stands under messages to clients of this trade and in this jurisdiction; None: of every."""

    text: str
    trade: Trade | None = None
    jurisdiction: str | None = None


class Firm(Model):
    """The house that account managers speak for. ``restricted`` names what nobody may give an opinion on.

    ``compliance_note`` stands under each message, unless one of ``compliance`` is made for the client's case.
    """

    name: str
    trade: Trade = "wealth"
    compliance_note: str | None = None
    compliance: tuple[ComplianceNote, ...] = ()
    restricted: tuple[str, ...] = ()
    sample: bool = False

    def compliance_for(self, trade: Trade, jurisdiction: str | None) -> str | None:
        """The note for a client: that of their jurisdiction and trade, of their jurisdiction, of their trade, any."""
        place = (jurisdiction or "").casefold()
        fit = [
            note
            for note in self.compliance
            if note.trade in (None, trade) and (note.jurisdiction or "").casefold() in ("", place)
        ]
        best = max(fit, key=lambda note: (bool(note.jurisdiction), note.trade is not None), default=None)
        return self.compliance_note if best is None else best.text


class Book(Model):
    """A whole client book."""

    firm: Firm
    managers: tuple[Manager, ...] = ()
    clients: tuple[Client, ...] = ()


class ClientChanged(Payload):
    """The whole of a client as they are from now on. ``revision`` counts the changes, so that ids differ."""

    event_type: ClassVar[str] = "client.changed"

    client: Client
    firm: Firm
    manager: Manager
    revision: int = 0


class ClientRemoved(Payload):
    """The client is no longer served; from now on nothing is matched or sent for them."""

    event_type: ClassVar[str] = "client.removed"

    client_id: str
    revision: int = 0
