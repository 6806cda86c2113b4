"""Read the firm, a manager and a client from their fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import cast, get_args
from zoneinfo import ZoneInfo, available_timezones

from firstword.book.contact_policy import read_blackouts, read_cadence, read_channels, read_days, read_digest
from firstword.book.fields import Fields, Report, nearest
from firstword.book.identity import slug
from firstword.book.nodes import MappingNode, Node, ScalarNode
from firstword.book.watches import WatchEntry, read_watches
from schemas.clients import Client, ComplianceNote, ContactPolicy, Desire, Firm, Manager, Note, Risk, Style, Trade
from services.notifier.trades.catalog import DEFAULT_TRADE, Trades

__all__ = ["Defaults", "Entry", "read_client", "read_firm", "read_manager"]

FIRM = ("name", "trade", "compliance_note", "compliance", "restricted", "sample")
MANAGER = ("id", "name", "email", "title", "signature", "time_zone", "language", "digest", "urgent")
CLIENT = (
    "id", "name", "organisation", "manager", "trade", "time_zone", "language", "salutation", "jurisdiction", "desires",
    "risk", "end_vision", "personality", "style", "jargon", "mood", "views", "history", "assets", "interests",
    "contact",
)  # fmt: skip
CONTACT = (
    "email", "phone", "channels", "max_per_week", "minutes_per_contact", "quiet", "working_days", "cadence",
    "do_not_contact", "information_only", "restricted", "blackouts", "max_silence_days", "merge_minutes",
)  # fmt: skip
# Finds typing errors; the mail server decides (RFC 5321, 4.1.2, allows far more).
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;.]+(\.[^\s@<>,;.]+)+$")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})$")


@dataclass(frozen=True)
class Defaults:
    """Defaults for clients: the firm's trade, the only manager, and the manager's time zone and language.

    ``trades`` are those that the book may name.
    """

    firm: Firm
    managers: Mapping[str, Manager]
    trades: Trades

    def manager(self) -> Manager | None:
        """Return the manager, if there is exactly one."""
        return next(iter(self.managers.values())) if len(self.managers) == 1 else None


@dataclass(frozen=True)
class Entry:
    """A client, the entries of their watches (in order), and the client's line and path."""

    client: Client
    watches: tuple[WatchEntry, ...]
    line: int
    path: str


def read_firm(fields: Fields, trades: Trades) -> Firm:
    """Return the firm."""
    return Firm(
        name=fields.text("name", required=True) or "",
        trade=_trade(fields, trades, DEFAULT_TRADE),
        compliance_note=fields.text("compliance_note"),
        compliance=tuple(_compliance(fields, trades)),
        restricted=fields.texts("restricted"),
        sample=fields.flag("sample"),
    )


def read_manager(fields: Fields) -> Manager:
    """Return an account manager."""
    name = fields.text("name", required=True) or ""
    return Manager(
        id=fields.text("id") or slug(name),
        name=name,
        email=_email(fields),
        title=fields.text("title"),
        signature=fields.text("signature"),
        time_zone=_zone(fields, "UTC"),
        language=_language(fields, "en"),
        digest=read_digest(fields),
        urgent=read_channels(fields, "urgent"),
    )


def read_client(fields: Fields, defaults: Defaults) -> Entry:
    """Return a client. Invalid values are reported and replaced by defaults."""
    name = fields.text("name", required=True) or ""
    manager = _manager(fields, defaults)
    trade = _trade(fields, defaults.trades, defaults.firm.trade)
    definition = defaults.trades.of(trade)
    assets = read_watches(fields, "assets", definition)
    interests = read_watches(fields, "interests", definition)
    client = Client(
        id=fields.text("id") or slug(name),
        name=name,
        organisation=fields.text("organisation"),
        manager_id=manager.id if manager else "",
        trade=trade,
        time_zone=_zone(fields, manager.time_zone if manager else "UTC"),
        language=_language(fields, manager.language if manager else "en"),
        salutation=fields.text("salutation"),
        jurisdiction=fields.text("jurisdiction"),
        desires=tuple(_desires(fields)),
        risk=_risk(fields),
        end_vision=fields.text("end_vision"),
        personality=fields.text("personality"),
        styles=_styles(fields),
        jargon=fields.choice("jargon", ("plain", "some", "expert"), "plain"),  # type: ignore[arg-type]
        mood=fields.choice("mood", ("calm", "upset"), "calm"),  # type: ignore[arg-type]
        views=tuple(_notes(fields, "views")),
        history=tuple(_notes(fields, "history")),
        assets=tuple(entry.watch for entry in assets),
        interests=tuple(entry.watch for entry in interests),
        contact=_contact(fields.mapping("contact", CONTACT)),
    )
    return Entry(client, (*assets, *interests), fields.line, fields.path)


def _trade(fields: Fields, trades: Trades, default: str) -> Trade:
    """Return the trade under ``trade``, which must be one of those in force."""
    wanted = fields.text("trade")
    if wanted is None or wanted in trades.names:
        return wanted or default
    alike = nearest(wanted, trades.names)
    fix = f"Did you mean {alike!r}? " if alike else ""
    fix += f"Trades: {', '.join(trades.names)}. 'firstword trades new' defines another."
    fields.error("trade", f"There is no trade {wanted!r}.", fix)
    return default


def _compliance(fields: Fields, trades: Trades) -> list[ComplianceNote]:
    notes = []
    for path, node in fields.entries("compliance"):
        inner = _entry(fields.report, path, node, "text", ("text", "trade", "jurisdiction"))
        text = inner.text("text", required=True)
        trade = _trade(inner, trades, "") or None
        if text:
            notes.append(ComplianceNote(text=text, trade=trade, jurisdiction=inner.text("jurisdiction")))
    return notes


def _manager(fields: Fields, defaults: Defaults) -> Manager | None:
    wanted = fields.text("manager")
    if wanted is None:
        only = defaults.manager()
        if only is None and defaults.managers:
            fields.error("manager", "'manager' is missing.", f"Write one of: {', '.join(defaults.managers)}.")
        return only
    if wanted not in defaults.managers:
        alike = nearest(wanted, defaults.managers)
        fix = f"Did you mean {alike!r}?" if alike else "List them under `managers` with this id."
        fields.error("manager", f"There is no manager {wanted!r}.", fix)
    return defaults.managers.get(wanted)


def _email(fields: Fields) -> str | None:
    address = fields.text("email")
    if address and not _EMAIL.match(address):
        fields.error("email", f"{address!r} is not a valid email address.", "Write it as name@example.org.")
    return address


def _zone(fields: Fields, default: str) -> str:
    name = fields.text("time_zone")
    if name is None:
        return default
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        alike = nearest(name, sorted(available_timezones()))
        fix = f"Did you mean {alike!r}?" if alike else "Write an IANA name such as Europe/Paris."
        fields.error("time_zone", f"There is no time zone {name!r}.", fix)
        return default
    return name


def _language(fields: Fields, default: str) -> str:
    tag = fields.text("language") or default
    if not _LANGUAGE.match(tag):
        fields.error("language", f"{tag!r} is not a valid language tag.", "Write a BCP 47 tag such as en or pt-BR.")
    return tag


def _risk(fields: Fields) -> Risk | None:
    """Return the risk tolerance; None if the book doesn't state one, because none is assumed."""
    stated = fields.choice("risk", (*get_args(Risk), "unknown"), "unknown")
    return None if stated == "unknown" else cast("Risk", stated)


def _styles(fields: Fields) -> tuple[Style, ...] | None:
    known = get_args(Style)
    stated = fields.texts("style")
    for name in stated:
        if name not in known:
            alike = nearest(name, known)
            fix = f"Did you mean {alike!r}? " if alike else ""
            fields.error("style", f"{name!r} is not a valid style.", f"{fix}One or more of: {', '.join(known)}.")
    return tuple(cast("Style", name) for name in stated if name in known) or None


def _desires(fields: Fields) -> list[Desire]:
    desires = []
    for path, node in fields.entries("desires"):
        inner = _entry(fields.report, path, node, "name", ("name", "words"))
        name = inner.text("name", required=True)
        if name:
            desires.append(Desire(name=name, words=inner.text("words")))
    return desires


def _notes(fields: Fields, name: str) -> list[Note]:
    notes = []
    for path, node in fields.entries(name):
        inner = _entry(fields.report, path, node, "text", ("text", "at", "question"))
        text = inner.text("text", required=True)
        if text:
            notes.append(Note(text=text, at=inner.day("at"), question=inner.text("question")))
    return notes


def _entry(report: Report, path: str, node: Node, main: str, known: tuple[str, ...]) -> Fields:
    """Return the fields of a list's entry. A plain text is the value of its ``main`` field."""
    if isinstance(node, ScalarNode):
        node = MappingNode(node.line, [(ScalarNode(node.line, main, True), node)])
    elif not isinstance(node, MappingNode):
        report.error(node.line, path, "This must be text or have fields.", f"Write `- {main} …` or `- {{{main}: …}}`.")
        node = MappingNode(node.line, [(ScalarNode(node.line, main, True), ScalarNode(node.line, "?", True))])
    return Fields(node, path, known, report)


def _contact(fields: Fields) -> ContactPolicy:
    default = ContactPolicy()
    reason = fields.flag_or_reason("do_not_contact")
    quiet_from, quiet_until = _quiet_hours(fields, default)
    return ContactPolicy(
        channels=fields.texts("channels") or default.channels,
        email=_email(fields),
        phone=fields.text("phone"),
        max_per_week=fields.whole("max_per_week", default.max_per_week, 0),
        minutes_per_contact=fields.whole("minutes_per_contact", default.minutes_per_contact, 1),
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        working_days=read_days(fields, "working_days", default.working_days),
        cadence=read_cadence(fields),
        do_not_contact=bool(reason),
        do_not_contact_reason=reason if isinstance(reason, str) else None,
        information_only=fields.flag("information_only"),
        restricted=fields.texts("restricted"),
        blackouts=read_blackouts(fields),
        max_silence_days=fields.whole("max_silence_days", 30, 1) if "max_silence_days" in fields else None,
        merge_minutes=fields.whole("merge_minutes", default.merge_minutes, 0),
    )


def _quiet_hours(fields: Fields, default: ContactPolicy) -> tuple[time | None, time | None]:
    text = fields.text("quiet")
    if text is None:
        return default.quiet_from, default.quiet_until
    if text.lower() in ("false", "no", "none", "off"):
        return None, None
    match = _HOURS.match(text)
    try:
        if match:
            return time(int(match[1]) % 24, int(match[2])), time(int(match[3]) % 24, int(match[4]))
    except ValueError:
        pass
    fields.error("quiet", f"{text!r} is not a range of hours.", 'Write "19:00-08:00" in quotes, or false for none.')
    return default.quiet_from, default.quiet_until
