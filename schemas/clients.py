"""The client book: clients, the things they own and follow, and their contact preferences."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, GetJsonSchemaHandler, SerializerFunctionWrapHandler, StringConstraints, model_serializer
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas.base import Model, Payload, Utc

__all__ = [
    "STANCE_OF",
    "Blackout",
    "Book",
    "Client",
    "ClientChanged",
    "ClientErased",
    "ClientRemoved",
    "ComplianceNote",
    "ContactPolicy",
    "Desire",
    "DigestPreferences",
    "Firm",
    "Manager",
    "Mood",
    "Near",
    "Note",
    "Query",
    "Risk",
    "Stance",
    "Style",
    "TopicScope",
    "Trade",
    "Watch",
    "WatchKind",
]

Risk = Literal["limited", "moderate", "high"]
Mood = Literal["calm", "upset"]
#: How a client is to be written to; several may hold.
Style = Literal["brief", "detailed", "cautious", "warm", "formal"]
#: The name of a trade. Those that ship, and each firm's own, are defined in files; a book may name no other.
Trade = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
WatchKind = Literal[
    "holding", "product", "supplier", "site", "contract", "topic", "industry", "competitor", "regulation", "place"
]
#: The client's relation to a watched entity; playbooks are looked up by it.
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
    """Match if one field of an item contains all ``words``, at most ``within`` words from the first to the last."""

    words: tuple[str, ...]
    within: int = Field(default=8, ge=1, le=50)


class Query(Model):
    """A search query; an item matches if every part that is given holds.

    A term is a word, phrase or name; ``a | b`` matches either. ``none_of`` alone matches nothing.
    """

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()

    @property
    def conditions(self) -> int:
        """The number of words or phrases that an item must contain."""
        return bool(self.any_of) + len(self.all_of) + sum(len(near.words) for near in self.near)


class TopicScope(Model):
    """The part of a subject that concerns the client, by what an item names in its title or first sentences.

    An item is within it if it names one of ``parties``, or one of ``industries`` and one of ``regions``, as far as they
    are given. If none are, every item is.
    """

    industries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()


class Watch(Model):
    """An asset or interest of a client that news may affect.

    ``entity_id`` identifies the watched entity and is shared by all clients who watch it: given in the book, or derived
    from ISIN, ticker or name (with its context, because two companies may share a name). ``aliases`` are other names.
    ``cik`` is the company's number at the SEC, without leading zeros; filings there are linked by it.
    ``context``: the item must contain at least one of these words; ``exclude``: it must contain none of these.
    ``topic`` is the name of a built-in topic, ``query`` a search query; with either, ``name`` is only a label. If both
    are given, both must match. ``weight`` is the share of the client's portfolio or spend, 0–1. ``scope`` limits a
    subject: a topic, industry, regulation or place.
    """

    entity_id: str
    name: str
    kind: WatchKind
    aliases: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    isin: str | None = None
    cik: str | None = None
    context: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    topic: str | None = None
    query: Query | None = None
    weight: float | None = Field(default=None, ge=0, le=1)
    note: str | None = None
    scope: TopicScope | None = None

    @property
    def is_asset(self) -> bool:
        """True for assets, which the client owns, uses or depends on; interests are only followed."""
        return self.kind in ("holding", "product", "supplier", "site", "contract")

    @property
    def stance(self) -> Stance:
        """The client's relation to the entity."""
        return STANCE_OF[self.kind]

    @property
    def is_subject(self) -> bool:
        """True for what news can be about anywhere in the world, and which therefore needs a scope."""
        return self.kind in ("topic", "industry", "regulation", "place")

    @property
    def is_unlimited(self) -> bool:
        """True for a subject that nothing limits: no scope, no context, and no second condition in a query."""
        if not self.is_subject or self.scope is not None or self.context:
            return False
        return self.query is None or self.query.conditions + (self.topic is not None) < 2


class Desire(Model):
    """One of the client's goals (``income``, ``growth``, ``continuity`` …), and the client's own words for it."""

    name: str
    words: str | None = None


class Blackout(Model):
    """A period in which the client is not contacted: leave, mourning, a deal.

    ``since`` and ``until`` are days in the client's time zone, both included; without ``since`` it has already begun.
    ``about`` limits it to these entities, by name in the book or by entity id; without it, nothing is sent.
    """

    since: date | None = None
    until: date
    reason: str
    about: tuple[str, ...] = ()


class ContactPolicy(Model):
    """The limits on contacting a client: frequency, times and channels. Hours are in the client's time zone.

    ``cadence`` is the promised schedule ("weekly, Friday by noon"). After ``max_silence_days`` without a contact,
    Firstword looks for something worth telling. Stories within ``merge_minutes`` go into one message. ``quiet_from``
    and ``quiet_until`` are None if there are no quiet hours, which is always written out: left out, they are the
    default hours.
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

    @model_serializer(mode="wrap")
    def _write_no_quiet_hours(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keep the nulls of the quiet hours where nulls are left out (``exclude_none``)."""
        written: dict[str, Any] = handler(self)
        for name in ("quiet_from", "quiet_until"):
            if getattr(self, name) is None:
                written[name] = None
        return written

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the schema of the fields, which a schema of the serializer's result would not name."""
        return handler({key: value for key, value in schema.items() if key != "serialization"})


class Note(Model):
    """Something learned from the client: a discovery answer, a piece of history. ``at`` is the day of the conversation.

    ``source``: the book's file, or the desk.
    """

    text: str
    at: date | None = None
    question: str | None = None
    source: Literal["book", "desk"] = "book"


class Client(Model):
    """A client in the book. ``time_zone`` is an IANA name, ``language`` a BCP 47 tag.

    ``jurisdiction`` is the one whose rules messages to the client follow, in the firm's own notation (CH, England, …).
    ``risk`` None: not known, and never guessed. On the wire it is left out then, as before for the default.
    ``styles`` is how they are to be written to; None: as ``personality`` plainly says.
    ``set_at_desk`` names what was recorded at the desk because the book does not say it. ``mood_decided_at`` is when an
    account manager last decided about the mood at the desk; from then on that decision counts, not the book's.
    ``desk_fields`` names what was changed at the desk, such as ``risk`` or ``contact.email``: it stays as it is there
    when the book's file is imported.
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
    risk: Risk | None = None
    end_vision: str | None = None
    personality: str | None = None
    jargon: Literal["plain", "some", "expert"] = "plain"
    mood: Mood = "calm"
    views: tuple[Note, ...] = ()
    history: tuple[Note, ...] = ()
    assets: tuple[Watch, ...] = ()
    interests: tuple[Watch, ...] = ()
    contact: ContactPolicy = ContactPolicy()
    styles: tuple[Style, ...] | None = None
    set_at_desk: tuple[Literal["desires", "risk"], ...] | None = None
    mood_decided_at: Utc | None = None
    desk_fields: tuple[str, ...] | None = None

    @property
    def watches(self) -> tuple[Watch, ...]:
        """All watches: assets, then interests."""
        return self.assets + self.interests


class DigestPreferences(Model):
    """An account manager's preferences for the daily digest: local hour and days (0 is Monday).

    ``by`` lists the channels in order of preference; the next is used if one fails. ``empty``: what to send on a day
    without content.
    """

    hour: time = time(7, 30)
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    by: tuple[str, ...] = ("email",)
    empty: Literal["one_line", "nothing"] = "one_line"


class Manager(Model):
    """An account manager, who signs the messages. ``digest`` is None if they want none.

    ``urgent`` lists the channels for immediate notice of urgent drafts; the next is used if one fails.
    """

    id: str
    name: str
    email: str | None = None
    title: str | None = None
    signature: str | None = None
    time_zone: str = "UTC"
    language: str = "en"
    digest: DigestPreferences | None = None
    urgent: tuple[str, ...] = ()


class ComplianceNote(Model):
    """A note under messages to clients of this trade and jurisdiction; None means any."""

    text: str
    trade: Trade | None = None
    jurisdiction: str | None = None


class Firm(Model):
    """The firm that account managers work for. Nobody may give an opinion on entities in ``restricted``.

    ``compliance_note`` goes under each message, unless one of ``compliance`` matches the client.
    """

    name: str
    trade: Trade = "wealth"
    compliance_note: str | None = None
    compliance: tuple[ComplianceNote, ...] = ()
    restricted: tuple[str, ...] = ()
    sample: bool = False

    def compliance_for(self, trade: Trade, jurisdiction: str | None) -> str | None:
        """Return the note for a client: jurisdiction and trade match first, then jurisdiction, then trade, then any."""
        place = (jurisdiction or "").casefold()
        matching = [
            note
            for note in self.compliance
            if note.trade in (None, trade) and (note.jurisdiction or "").casefold() in ("", place)
        ]
        best = max(matching, key=lambda note: (bool(note.jurisdiction), note.trade is not None), default=None)
        return self.compliance_note if best is None else best.text


class Book(Model):
    """A whole client book."""

    firm: Firm
    managers: tuple[Manager, ...] = ()
    clients: tuple[Client, ...] = ()


class ClientChanged(Payload):
    """A client was added or changed; the event holds the whole client. ``revision`` counts changes, so ids differ."""

    event_type: ClassVar[str] = "client.changed"

    client: Client
    firm: Firm
    manager: Manager
    revision: int = 0


class ClientRemoved(Payload):
    """A client was removed; nothing is matched or sent for them from now on.

    ``archived``: at the desk, where they can be restored; an import of the book's file leaves them archived.
    """

    event_type: ClassVar[str] = "client.removed"

    client_id: str
    revision: int = 0
    archived: Literal[True] | None = None


class ClientErased(Payload):
    """The data on a client who was removed before was erased; whoever keeps something on them forgets it."""

    event_type: ClassVar[str] = "client.erased"

    client_id: str
