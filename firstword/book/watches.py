"""Read what a client owns and follows, from ``assets`` and ``interests``, and check it for misleading names."""

from __future__ import annotations

import re
from typing import NamedTuple, cast, get_args

from firstword.book.fields import Fields
from firstword.book.interest_queries import QUERY_FIELDS, implied_topic, read_query, read_topic
from firstword.book.nodes import MappingNode, ScalarNode
from firstword.book.scopes import read_scope
from schemas.clients import Watch, WatchKind
from services.matcher.mentions.ambiguity import find_ambiguous_names
from services.matcher.mentions.medicines import medicine_names
from services.matcher.mentions.topics import all_topics
from services.notifier.trades.definition import AssetKind, InterestKind, TradeDefinition

__all__ = ["ASSET_KINDS", "INTEREST_KINDS", "WatchEntry", "default_kind", "isin_is_valid", "read_watches"]

WATCH = (
    "name", "kind", "ticker", "tickers", "isin", "cik", "weight", "aliases", "context", "exclude", "id", "note",
)  # fmt: skip
INTEREST = (*WATCH, *QUERY_FIELDS, "scope")
#: Fields with further names, which can't be combined with a topic or query.
_NAMES = ("aliases", "ticker", "tickers", "isin", "cik")
ASSET_KINDS: tuple[AssetKind, ...] = get_args(AssetKind)
INTEREST_KINDS: tuple[InterestKind, ...] = get_args(InterestKind)
_WEIGHT = re.compile(r"(\d{1,3}(?:\.\d{1,12})?)\s*(%)?$")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]$")
#: "320193", "0000320193" and "CIK 0000320193" are one number.
_CIK = re.compile(r"(?:CIK[ :#]*)?0*([1-9]\d{0,9})$", re.ASCII)
_TICKER = re.compile(r"[A-Z0-9][A-Z0-9.:/\- ]{0,19}$")


class WatchEntry(NamedTuple):
    """A watch without its entity id, the id that the book sets for it, and its line and path in the book."""

    watch: Watch
    entity_id: str | None
    line: int
    path: str


def isin_is_valid(isin: str) -> bool:
    """Return whether form and check digit are valid (ISO 6166: letters as numbers, then Luhn)."""
    if not _ISIN.match(isin):
        return False
    digits = "".join(str(int(character, 36)) for character in isin)
    doubled = (int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(reversed(digits)))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def default_kind(name: str, trade: TradeDefinition) -> WatchKind:
    """Return the default kind of an asset or interest."""
    return trade.interests.default if name == "interests" else trade.assets.default


def read_watches(fields: Fields, name: str, trade: TradeDefinition) -> tuple[WatchEntry, ...]:
    """Return the watches under ``name``."""
    entries = []
    for path, node in fields.entries(name):
        if isinstance(node, ScalarNode):
            node = MappingNode(node.line, [(ScalarNode(node.line, "name", True), node)])
        if not isinstance(node, MappingNode):
            fields.report.error(node.line, path, "This must be a name or have fields.", "Write `- {name: …, kind: …}`.")
            continue
        inner = Fields(node, path, WATCH if name == "assets" else INTEREST, fields.report)
        watch = _watch(inner, name, trade)
        if watch is not None:
            entries.append(WatchEntry(watch, inner.text("id"), node.line, path))
    _check_weights(fields, name, [entry.watch for entry in entries])
    return tuple(entries)


def _watch(fields: Fields, name: str, trade: TradeDefinition) -> Watch | None:
    topic = read_topic(fields)
    title = fields.text("name", required=topic is None) or (all_topics()[topic].title if topic else None)
    if title is None:
        return None
    kinds: tuple[WatchKind, ...] = ASSET_KINDS if name == "assets" else INTEREST_KINDS
    kind = cast("WatchKind", fields.choice("kind", kinds, default_kind(name, trade)))
    allowed: tuple[WatchKind, ...] = trade.assets.allowed if name == "assets" else trade.interests.allowed
    if allowed and kind not in allowed:
        fix = f"Use one of {', '.join(allowed)}, or allow it in the trade's file."
        fields.warning("kind", f"{kind!r} is unusual in the trade {trade.trade}.", fix)
    query = read_query(fields, topic)
    if topic is None and query is None and not any(field in fields for field in (*_NAMES, "topic")):
        topic = implied_topic(title, kind)
    watch = Watch(
        entity_id="",
        name=title,
        kind=kind,
        aliases=_aliases(fields, title, trade) if topic is None and query is None else fields.texts("aliases"),
        tickers=_tickers(fields),
        isin=_isin(fields),
        cik=_cik(fields),
        context=fields.texts("context"),
        exclude=fields.texts("exclude"),
        topic=topic,
        query=query,
        weight=_weight(fields),
        note=fields.text("note"),
        scope=read_scope(fields, kind),
    )
    _check_names(fields, watch)
    return watch


def _aliases(fields: Fields, title: str, trade: TradeDefinition) -> tuple[str, ...]:
    """Return the other names in the book and, in a trade of medicines, those that the lexicon knows."""
    written = fields.texts("aliases")
    known = medicine_names(title) if trade.medicines else ()
    return tuple(dict.fromkeys((*written, *known)))


def _tickers(fields: Fields) -> tuple[str, ...]:
    tickers = dict.fromkeys(text.upper() for name in ("ticker", "tickers") for text in fields.texts(name))
    for ticker in tickers:
        if not _TICKER.match(ticker):
            fields.error(
                "ticker" if "ticker" in fields else "tickers", f"{ticker!r} is not a valid ticker.", "Write it as HLDN."
            )
    return tuple(tickers)


def _isin(fields: Fields) -> str | None:
    isin = (fields.text("isin") or "").upper().replace(" ", "")
    if isin and not isin_is_valid(isin):
        wrong = "its check digit is wrong" if _ISIN.match(isin) else "it needs two letters, nine characters and a digit"
        fields.error(
            "isin", f"{isin!r} is not a valid ISIN: {wrong}.", "Copy it again from the statement, or leave it out."
        )
    return isin or None


def _cik(fields: Fields) -> str | None:
    text = (fields.text("cik") or "").upper()
    match = _CIK.match(text)
    if text and match is None:
        fix = "Write the company's number at the SEC, at most ten digits, such as 320193."
        fields.error("cik", f"{text!r} is not a valid CIK.", fix)
    return match[1] if match else None


def _weight(fields: Fields) -> float | None:
    text = fields.text("weight")
    if text is None:
        return None
    match = _WEIGHT.match(text)
    value = float(match[1]) / (100 if match[2] else 1) if match else None
    if value is None:
        fields.error("weight", f"{text!r} is not a valid weight.", "Write it as 12% or 0.12.")
        return None
    if value > 1:
        fix = "Write at most 100%." if match and match[2] else f"Write {text}% or {value / 100:g}."
        fields.error("weight", f"A weight of {text} is more than 100%.", fix)
        return None
    return round(value, 12)


def _check_weights(fields: Fields, name: str, watches: list[Watch]) -> None:
    total = sum(watch.weight or 0 for watch in watches)
    if total > 1.0001:
        fields.warning(
            name, f"The weights add up to {total:.0%}.", "The weights of one portfolio add up to at most 100%."
        )


def _check_names(fields: Fields, watch: Watch) -> None:
    if watch.topic is not None or watch.query is not None:
        for name in _NAMES:
            if name in fields:
                fields.error(name, f"{name!r} has no effect with a topic or query.", "Move it to `any_of`.")
        return
    for alias in watch.aliases:
        if len(alias) < 2:
            fields.error("aliases", f"The alias {alias!r} is shorter than 2 characters.", "Leave it out.")
    for ambiguous in find_ambiguous_names(watch):
        fields.warning(ambiguous.field, ambiguous.why, ambiguous.fix)
