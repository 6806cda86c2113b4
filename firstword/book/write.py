"""A :class:`Book` → its text: terse, in a fixed order, what is default left out, so that a change is a small diff."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from firstword.book.asking import implied_topic
from firstword.book.contacting import DAYS
from firstword.book.identity import assign_entities
from firstword.book.watching import default_kind
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
    Watch,
)

__all__ = ["dump_book"]

_WIDTH = 110


class _Flow(dict[str, Any]):
    """A mapping on one line: ``{name: Halden Energy, kind: holding}``."""


class _FlowList(list[Any]):
    """A list on one line."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Several lines as a block, which is how people write them."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(
    _Flow, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)
_Dumper.add_representer(
    _FlowList, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def dump_book(book: Book) -> str:
    """``book`` as YAML that :func:`load_book` reads back as the same book (texts are stripped on reading)."""
    stated = iter(_ids_to_state(book))
    values = {
        "version": 1,
        "firm": _firm(book.firm),
        "managers": [_manager(manager) for manager in book.managers],
        "clients": [_client(client, book, [next(stated) for _ in client.watches]) for client in book.clients],
    }
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH))


def _ids_to_state(book: Book) -> Sequence[str | None]:
    """The entity ids that reading couldn't derive; all of them where some ids depend on others."""
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


def _digest(wish: DigestPreferences) -> Any:
    plain = DigestPreferences()
    return _Flow(
        hour=f"{wish.hour:%H:%M}",
        **_present(
            days=None if wish.days == plain.days else _FlowList(DAYS[day] for day in wish.days),
            by=None if wish.by == plain.by else _FlowList(wish.by),
            empty=_unless(wish.empty, plain.empty),
        ),
    )


def _client(client: Client, book: Book, stated: Sequence[str | None]) -> dict[str, Any]:
    manager = next((one for one in book.managers if one.id == client.manager_id), None)
    assets, interests = stated[: len(client.assets)], stated[len(client.assets) :]
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
        risk=_unless(client.risk, "moderate"),
        end_vision=client.end_vision,
        personality=client.personality,
        jargon=_unless(client.jargon, "plain"),
        mood=_unless(client.mood, "calm"),
        views=[_note(note) for note in client.views],
        history=[_note(note) for note in client.history],
        assets=[_watch(one, "assets", client, own) for one, own in zip(client.assets, assets, strict=True)],
        interests=[
            _watch(one, "interests", client, given) for one, given in zip(client.interests, interests, strict=True)
        ],
        contact=_contact(client.contact),
    )


def _desire(desire: Desire) -> Any:
    return _Flow(name=desire.name, words=desire.words) if desire.words else desire.name


def _note(note: Note) -> Any:
    if note.at is None and note.question is None:
        return note.text
    return _Flow(_present(text=note.text, at=note.at, question=note.question))


def _watch(watch: Watch, name: str, client: Client, stated: str | None) -> Any:
    values = _present(
        kind=_unless(watch.kind, default_kind(name, client.trade)),
        id=stated,
        ticker=watch.tickers[0] if len(watch.tickers) == 1 else None,
        tickers=_FlowList(watch.tickers if len(watch.tickers) > 1 else ()),
        isin=watch.isin,
        weight=None if watch.weight is None else _weight(watch.weight),
        aliases=_FlowList(watch.aliases),
        context=_FlowList(watch.context),
        exclude=_FlowList(watch.exclude),
        topic=_topic(watch),
        **_query(watch.query),
        note=watch.note,
    )
    return _Flow({"name": watch.name, **values}) if values else watch.name


def _topic(watch: Watch) -> Any:
    """As it must be stated so that reading doesn't take the name for another topic, or for one at all."""
    named = watch.aliases or watch.tickers or watch.isin or watch.query
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


def _weight(weight: float) -> str:
    """As a percentage where that says the same, else as the number."""
    percentage = f"{weight * 100:.6g}"
    exact = "e" not in percentage and round(float(percentage) / 100, 12) == weight
    return f"{percentage}%" if exact else f"{weight:.12f}"


def _contact(contact: ContactPolicy) -> dict[str, Any]:
    plain = ContactPolicy()
    hours = (contact.quiet_from, contact.quiet_until)
    quiet: Any = None
    if hours != (plain.quiet_from, plain.quiet_until):
        quiet = f"{hours[0]:%H:%M}-{hours[1]:%H:%M}" if hours[0] and hours[1] else False
    same_days = contact.working_days == plain.working_days
    return _present(
        email=contact.email,
        phone=contact.phone,
        channels=_FlowList(() if contact.channels == plain.channels else contact.channels),
        max_per_week=_unless(contact.max_per_week, plain.max_per_week),
        minutes_per_contact=_unless(contact.minutes_per_contact, plain.minutes_per_contact),
        quiet=quiet,
        working_days=None if same_days else _FlowList(DAYS[day] for day in contact.working_days),
        cadence=contact.cadence,
        do_not_contact=contact.do_not_contact_reason or (True if contact.do_not_contact else None),
        information_only=True if contact.information_only else None,
        restricted=_FlowList(contact.restricted),
        blackouts=[_blackout(one) for one in contact.blackouts],
        max_silence_days=contact.max_silence_days,
        merge_minutes=_unless(contact.merge_minutes, plain.merge_minutes),
    )


def _blackout(one: Blackout) -> Any:
    since = {} if one.since is None else {"from": one.since}
    return _Flow(since, until=one.until, reason=one.reason, **_present(about=_FlowList(one.about)))
