"""Write a :class:`Book` as YAML in a fixed order and without defaults, so that a change makes a small diff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from firstword.book.contact_policy import DAYS
from firstword.book.identity import assign_entities
from firstword.book.interest_queries import implied_topic
from firstword.book.scopes import SCOPE_OF_EVERYTHING
from firstword.book.watches import default_kind
from schemas.clients import (
    Blackout,
    Book,
    Client,
    ComplianceNote,
    ContactPolicy,
    Desire,
    DigestPreferences,
    Firm,
    Manager,
    Note,
    Query,
    TopicScope,
    Watch,
)
from services.notifier.trades.catalog import Trades
from services.notifier.trades.definition import TradeDefinition

__all__ = ["dump_book", "write_entry"]

_WIDTH = 110


class _Flow(dict[str, Any]):
    """A mapping on one line: ``{name: Halden Energy, kind: holding}``."""


class _FlowList(list[Any]):
    """A list on one line."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Represent several lines as a block, as people write them."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(
    _Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)
_Dumper.add_representer(
    _FlowList, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def dump_book(book: Book, trades: Trades | None = None) -> str:
    """Return ``book`` as YAML that :func:`load_book` reads back as the same book, except that it strips texts.

    ``trades`` are those in force when it is read back, by default those that ship.
    """
    ids, known = iter(_ids_to_write(book)), trades or Trades.shipped()
    values = {
        "version": 1,
        "firm": _firm(book.firm),
        "managers": [_manager(manager) for manager in book.managers],
        "clients": [
            _client(client, book, [next(ids) for _ in client.watches], known.of(client.trade))
            for client in book.clients
        ],
    }
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def write_entry(client: Client, trade: TradeDefinition) -> dict[str, Any]:
    """Return a client in the words of the file, with the defaults that a form shows, and without entity ids."""
    book = Book(firm=Firm(name="", trade=client.trade), managers=(), clients=(client,))
    entry = _client(client, book, [None] * len(client.watches), trade)
    contact = client.contact
    quiet = (
        f"{contact.quiet_from:%H:%M}-{contact.quiet_until:%H:%M}"
        if contact.quiet_from and contact.quiet_until
        else None
    )
    entry |= {name: getattr(client, name) for name in ("trade", "time_zone", "language", "jargon", "mood")}
    entry["manager"] = client.manager_id
    entry["contact"] = {
        **entry.get("contact", {}),
        **{name: getattr(contact, name) for name in ("max_per_week", "minutes_per_contact", "merge_minutes")},
        "channels": list(contact.channels),
        "quiet": quiet or "none",
        "working_days": [DAYS[day] for day in contact.working_days],
    }
    return entry


def _ids_to_write(book: Book) -> Sequence[str | None]:
    """Return the entity ids that reading can't derive, or all ids if some depend on others."""
    watches = [watch for client in book.clients for watch in client.watches]
    derived = assign_entities(watches, [None] * len(watches))
    some = [watch.entity_id if watch != own else None for watch, own in zip(watches, derived, strict=True)]
    if list(assign_entities(watches, some)) == watches:
        return some
    return [watch.entity_id for watch in watches]


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, (), [], {})}


def _unless(value: Any, default: Any) -> Any:
    return None if value == default else value


def _firm(firm: Firm) -> dict[str, Any]:
    return _present(
        name=firm.name,
        trade=firm.trade,
        sample=True if firm.sample else None,
        compliance_note=firm.compliance_note,
        compliance=[_compliance(note) for note in firm.compliance],
        restricted=_FlowList(firm.restricted),
    )


def _compliance(note: ComplianceNote) -> Any:
    if note.trade is None and note.jurisdiction is None:
        return note.text
    return _present(trade=note.trade, jurisdiction=note.jurisdiction, text=note.text)


def _manager(manager: Manager) -> dict[str, Any]:
    return _present(
        id=manager.id,
        name=manager.name,
        title=manager.title,
        email=manager.email,
        time_zone=_unless(manager.time_zone, "UTC"),
        language=_unless(manager.language, "en"),
        signature=manager.signature,
        digest=None if manager.digest is None else _digest(manager.digest),
        urgent=_FlowList(manager.urgent),
    )


def _digest(digest: DigestPreferences) -> Any:
    default = DigestPreferences()
    return _Flow(
        hour=f"{digest.hour:%H:%M}",
        **_present(
            days=None if digest.days == default.days else _FlowList(DAYS[day] for day in digest.days),
            by=None if digest.by == default.by else _FlowList(digest.by),
            empty=_unless(digest.empty, default.empty),
        ),
    )


def _client(client: Client, book: Book, ids: Sequence[str | None], trade: TradeDefinition) -> dict[str, Any]:
    manager = next((manager for manager in book.managers if manager.id == client.manager_id), None)
    asset_ids, interest_ids = ids[: len(client.assets)], ids[len(client.assets) :]
    return _present(
        id=client.id,
        name=client.name,
        organisation=client.organisation,
        manager=client.manager_id if len(book.managers) != 1 else None,
        trade=_unless(client.trade, book.firm.trade),
        time_zone=_unless(client.time_zone, manager.time_zone if manager else "UTC"),
        language=_unless(client.language, manager.language if manager else "en"),
        salutation=client.salutation,
        jurisdiction=client.jurisdiction,
        desires=[_desire(desire) for desire in client.desires],
        risk=client.risk,
        end_vision=client.end_vision,
        personality=client.personality,
        style=_FlowList(client.styles or ()),
        jargon=_unless(client.jargon, "plain"),
        mood=_unless(client.mood, "calm"),
        views=[_note(note) for note in client.views],
        history=[_note(note) for note in client.history],
        assets=[
            _watch(watch, "assets", trade, entity_id) for watch, entity_id in zip(client.assets, asset_ids, strict=True)
        ],
        interests=[
            _watch(watch, "interests", trade, entity_id)
            for watch, entity_id in zip(client.interests, interest_ids, strict=True)
        ],
        contact=_contact(client.contact),
    )


def _desire(desire: Desire) -> Any:
    return _Flow(name=desire.name, words=desire.words) if desire.words else desire.name


def _note(note: Note) -> Any:
    if note.at is None and note.question is None:
        return note.text
    return _Flow(_present(text=note.text, at=note.at, question=note.question))


def _watch(watch: Watch, name: str, trade: TradeDefinition, entity_id: str | None) -> Any:
    values = _present(
        kind=_unless(watch.kind, default_kind(name, trade)),
        id=entity_id,
        ticker=watch.tickers[0] if len(watch.tickers) == 1 else None,
        tickers=_FlowList(watch.tickers if len(watch.tickers) > 1 else ()),
        isin=watch.isin,
        cik=watch.cik,
        weight=None if watch.weight is None else _weight(watch.weight),
        aliases=_FlowList(watch.aliases),
        context=_FlowList(watch.context),
        exclude=_FlowList(watch.exclude),
        topic=_topic(watch),
        **_query(watch.query),
        note=watch.note,
        scope=None if watch.scope is None else _scope(watch.scope),
    )
    return _Flow({"name": watch.name, **values}) if values else watch.name


def _topic(watch: Watch) -> Any:
    """Return the topic to write: False if the name would imply one, None if the name implies the right one."""
    named = watch.aliases or watch.tickers or watch.isin or watch.cik or watch.query
    implied = None if named else implied_topic(watch.name, watch.kind)
    return None if watch.topic == implied else watch.topic or False


def _query(query: Query | None) -> dict[str, Any]:
    if query is None:
        return {}
    nears = [_Flow(words=_FlowList(near.words), **_present(within=_unless(near.within, 8))) for near in query.near]
    return {
        "any_of": _FlowList(query.any_of),
        "all_of": _FlowList(query.all_of),
        "none_of": _FlowList(query.none_of),
        "near": nears[0] if len(nears) == 1 else _FlowList(nears),
    }


def _scope(scope: TopicScope) -> Any:
    parts = {part: _FlowList(entries) for part, entries in scope if entries}
    return _Flow(parts) if parts else SCOPE_OF_EVERYTHING


def _weight(weight: float) -> str:
    """Return the weight as a percentage if that is exact, otherwise as a number."""
    percentage = f"{weight * 100:.6g}"
    exact = "e" not in percentage and round(float(percentage) / 100, 12) == weight
    return f"{percentage}%" if exact else f"{weight:.12f}"


def _contact(contact: ContactPolicy) -> dict[str, Any]:
    default = ContactPolicy()
    hours = (contact.quiet_from, contact.quiet_until)
    quiet: Any = None
    if hours != (default.quiet_from, default.quiet_until):
        quiet = f"{hours[0]:%H:%M}-{hours[1]:%H:%M}" if hours[0] and hours[1] else False
    same_days = contact.working_days == default.working_days
    return _present(
        email=contact.email,
        phone=contact.phone,
        channels=_FlowList(() if contact.channels == default.channels else contact.channels),
        max_per_week=_unless(contact.max_per_week, default.max_per_week),
        minutes_per_contact=_unless(contact.minutes_per_contact, default.minutes_per_contact),
        quiet=quiet,
        working_days=None if same_days else _FlowList(DAYS[day] for day in contact.working_days),
        cadence=contact.cadence,
        do_not_contact=contact.do_not_contact_reason or (True if contact.do_not_contact else None),
        information_only=True if contact.information_only else None,
        restricted=_FlowList(contact.restricted),
        blackouts=[_blackout(blackout) for blackout in contact.blackouts],
        max_silence_days=contact.max_silence_days,
        merge_minutes=_unless(contact.merge_minutes, default.merge_minutes),
    )


def _blackout(blackout: Blackout) -> Any:
    since = {} if blackout.since is None else {"from": blackout.since}
    about = _present(about=_FlowList(blackout.about))
    return _Flow(since, until=blackout.until, reason=blackout.reason, **about)
