"""Read the scope of an interest, and find subjects without one: most news about them concerns others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rapidfuzz import fuzz, process

from firstword.book.fields import Fields
from firstword.book.nodes import MappingNode, ScalarNode
from schemas.clients import Client, TopicScope, Watch, WatchKind
from services.matcher.mentions.scope_words import ScopePart, scope_words
from services.matcher.text.normalize import words
from services.notifier.trades.definition import TradeDefinition

__all__ = ["SCOPE_OF_EVERYTHING", "ScopeWarning", "read_scope", "scope_warnings"]

_PARTS = ("industries", "regions", "parties")
#: The value of `scope` in a book that lets everything through.
SCOPE_OF_EVERYTHING = "all"
_EXAMPLE = "scope: {industries: [healthcare], regions: [Germany], parties: [SAP]}"
#: An example of a region where the client's is not known.
_REGION = "United Kingdom"
#: From this similarity (0–100) on, an unknown name is probably a known one, misspelled.
_MISSPELLED = 85


class ScopeWarning(NamedTuple):
    """A warning about a watch: its position among the client's watches, the message and the fix."""

    position: int
    message: str
    fix: str


def read_scope(fields: Fields, kind: WatchKind) -> TopicScope | None:
    """Return the scope of an interest, or None if it has none. Of an invalid one, return what is valid."""
    node = fields.node("scope")
    if node is None:
        return None
    if kind == "competitor":
        fields.error(
            "scope",
            "A competitor has no scope: all news about it counts.",
            "Leave `scope` out, or use it for a topic, an industry, a regulation or a place.",
        )
        return None
    if isinstance(node, ScalarNode) and node.value.strip().lower() == SCOPE_OF_EVERYTHING:
        return TopicScope()
    if not isinstance(node, MappingNode):
        fields.error("scope", "This is not a scope.", f"Write `{_EXAMPLE}`, or `scope: all` for no limit.")
        return TopicScope()
    inner = fields.mapping("scope", _PARTS)
    scope = TopicScope(**{part: inner.texts(part) for part in _PARTS})
    for part in _PARTS:
        for entry in getattr(scope, part):
            _check_entry(inner, part, entry)
    if scope == TopicScope() and not any(part in inner for part in _PARTS):
        fields.error("scope", "The scope is empty.", f"Write `{_EXAMPLE}`, or `scope: all` for no limit.")
    return scope


def _check_entry(fields: Fields, part: str, entry: str) -> None:
    for written in entry.split("|"):
        name = written.strip()
        if not words(name):
            fields.error(part, f"{entry!r} contains no word to look for.", "Write a word, a name, or `one | other`.")
        elif part != "parties":
            _check_spelling(fields, "industries" if part == "industries" else "regions", name)


def _check_spelling(fields: Fields, part: ScopePart, name: str) -> None:
    """Warn if the name is probably a known one, misspelled: it would be looked for as written."""
    if scope_words().labels_for(part, name):
        return
    alike = process.extractOne(name, scope_words().names(part), scorer=fuzz.ratio, score_cutoff=_MISSPELLED)
    if alike is not None:
        one = {"industries": "industry", "regions": "region"}[part]
        fields.warning(
            part,
            f"{name!r} is not a known {one}, so only this word is looked for.",
            f"Did you mean {alike[0]!r}?",
        )


def scope_warnings(client: Client, trade: TradeDefinition) -> Iterator[ScopeWarning]:
    """Yield a warning for each subject that has no scope, and for each second scope of one subject."""
    first: dict[str, Watch] = {}
    for position, watch in enumerate(client.watches):
        if not watch.is_subject:
            continue
        if watch.is_unlimited:
            yield ScopeWarning(
                position,
                f"{client.name} follows {watch.name!r} without a scope, so only major news counts.",
                f"Write what concerns the client, such as `{_suggestion(client, watch, trade)}`, or `scope: all`.",
            )
        known = first.setdefault(watch.entity_id, watch)
        if known.scope != watch.scope:
            yield ScopeWarning(
                position,
                f"{client.name} follows {watch.name!r} twice, and only the first scope counts.",
                "Write one entry with both scopes.",
            )


def _suggestion(client: Client, watch: Watch, trade: TradeDefinition) -> str:
    """Return an example of a scope: an industry by trade, the region of the client's time zone, something they have."""
    city = client.time_zone.rpartition("/")[2].replace("_", " ")
    parts = {
        "industries": None if watch.kind == "industry" else trade.industry,
        "regions": None if watch.kind == "place" else scope_words().region_of(city) or _REGION,
        "parties": next((asset.name for asset in client.assets), None),
    }
    return f"scope: {{{', '.join(f'{part}: [{entry}]' for part, entry in parts.items() if entry)}}}"
