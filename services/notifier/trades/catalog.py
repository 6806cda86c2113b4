"""The trades in force: those that ship, with a firm's own over them. A trade that nobody defines has no particulars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from schemas.clients import Trade
from services.common.errors import BadInput
from services.notifier.trades.definition import TradeDefinition
from services.notifier.trades.trade_files import TradeFile, overlaid, parse_trade

__all__ = ["DEFAULT_TRADE", "Trades", "desire_key"]

#: The trade of a firm whose book names none.
DEFAULT_TRADE = "wealth"


@lru_cache(maxsize=4096)  # every rule asks for the same few
def desire_key(name: str) -> str:
    """Return a desire's name for comparison: in lower case, with single spaces for hyphens and underscores."""
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


@dataclass(frozen=True)
class Trades:
    """All trades in force, by name. ``own`` are the names of those that the firm's files define or change."""

    definitions: Mapping[Trade, TradeDefinition]
    own: tuple[Trade, ...] = ()

    @classmethod
    def shipped(cls) -> Trades:
        """Return the trades that ship with the product."""
        return _shipped()

    @property
    def names(self) -> tuple[Trade, ...]:
        """The names of all trades, in alphabetical order."""
        return tuple(sorted(self.definitions))

    def of(self, trade: Trade) -> TradeDefinition:
        """Return a trade. One that is no longer defined has only its name, so that its clients are still written to."""
        return self.definitions.get(trade) or TradeDefinition(trade=trade)

    def rules_for(self, trade: Trade) -> tuple[Trade, ...]:
        """Return the trades whose playbooks serve ``trade``, the most important first."""
        found: list[Trade] = [trade]
        while (like := self.of(found[-1]).like) is not None and like not in found:
            found.append(like)
        return tuple(found)

    def desire_names(self, trade: Trade, desire: str) -> frozenset[str]:
        """Return all names of a desire in ``trade``, as :func:`desire_key` writes them, and its own."""
        key = desire_key(desire)
        groups = ({desire_key(name), *map(desire_key, wanted.also)} for name, wanted in self.of(trade).desires.items())
        return frozenset({key}).union(*(group for group in groups if key in group))

    def desire_phrase(self, trade: Trade, desire: str) -> str:
        """Return a desire as a noun phrase: that of the trade, or else its name with spaces."""
        name = " ".join(desire.replace("_", " ").split())
        wanted = next((known for known in self.of(trade).desires if desire_key(known) == desire_key(desire)), None)
        return (self.of(trade).desires[wanted].phrase if wanted is not None else None) or name

    def with_files(self, given: Iterable[TradeFile]) -> Trades:
        """Return these trades with the firm's own over them.

        Raises:
            BadInput: two files define one trade, or a file is like an unknown trade or, in the end, like itself.
        """
        own: dict[Trade, TradeFile] = {}
        faults = []
        for file in given:
            first = own.setdefault(file.definition.trade, file)
            if first is not file:
                faults.append(f"{file.at('trade')} {first.file} defines the same trade. Keep one of the two files.")
        definitions = dict(self.definitions)
        for name in own:
            try:
                definitions[name] = self._resolved(name, own, ())
            except BadInput as error:
                faults.append(error.message)
        if faults:
            raise BadInput("\n".join(faults))
        return Trades(definitions, tuple(own))

    def _resolved(self, name: Trade, own: Mapping[Trade, TradeFile], seen: tuple[Trade, ...]) -> TradeDefinition:
        file, shipped = own.get(name), self.definitions.get(name)
        if file is None:
            if shipped is None:
                raise LookupError(name)
            return shipped
        definition = file.definition
        if shipped is not None:
            if definition.like is not None:
                fix = "Remove like, or give this trade another name."
                raise BadInput(f"{file.at('like')} {name!r} ships with Firstword, and this file changes it. {fix}")
            return overlaid(shipped, definition)
        for field in ("title", "description"):
            if getattr(definition, field) is None:
                raise BadInput(f"{file.file}:1: {field}: it is missing. Add a line such as {field}: …")
        like = definition.like
        if like is None:
            return overlaid(TradeDefinition(trade=name), definition)
        if like in (*seen, name):
            raise BadInput(f"{file.at('like')} {' is like '.join((*seen, name, like))}. Remove one of these.")
        try:
            return overlaid(self._resolved(like, own, (*seen, name)), definition)
        except LookupError:
            known = ", ".join(sorted({*self.definitions, *own} - {name}))
            raise BadInput(f"{file.at('like')} there is no trade {like!r}. Use one of {known}.") from None


@cache
def _shipped() -> Trades:
    """Return the shipped files, parsed once in a process."""
    folder = files("services.notifier.trades").joinpath("shipped")
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".yaml")), key=lambda path: path.name)
    parsed = [parse_trade(path.read_text(encoding="utf-8"), path.name) for path in paths]
    return Trades({file.definition.trade: file.definition for file in parsed})
