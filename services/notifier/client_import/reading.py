"""Turn the rows of a client into an entry of the book, on top of the entry that they have. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.notifier.client_book.port import BookFrame
from services.notifier.client_import.cells import (
    days_come_first,
    parse_day,
    parse_flag,
    parse_number,
    parse_weight,
)
from services.notifier.client_import.groups import HOLDING, Group, RowProblem
from services.notifier.client_import.table import Row, Table

__all__ = ["BOOK_FIELDS", "CellReader", "ReadGroup"]

#: The fields of the book that each target changes.
BOOK_FIELDS = {
    "name": "name", "first_name": "name", "last_name": "name", "organisation": "organisation",
    "email": "contact.email", "phone": "contact.phone", "manager": "manager_id", "trade": "trade",
    "time_zone": "time_zone", "language": "language", "salutation": "salutation", "jurisdiction": "jurisdiction",
    "goal": "desires", "risk": "risk", "end_vision": "end_vision", "personality": "personality", "note": "history",
    "do_not_contact": "contact.do_not_contact", "max_per_week": "contact.max_per_week", "quiet": "contact.quiet",
    "assets": "assets", "interests": "interests", **dict.fromkeys(HOLDING, "assets"),
}  # fmt: skip
_TEXTS = (
    "organisation", "trade", "time_zone", "language", "salutation", "jurisdiction", "end_vision", "personality",
)  # fmt: skip
_CONTACT = ("email", "phone", "max_per_week", "quiet")


@dataclass(slots=True)
class ReadGroup:
    """The entry of a client's rows, the problems of their cells, and the row of each asset."""

    entry: dict[str, Any]
    problems: list[RowProblem] = field(default_factory=list)
    asset_rows: dict[int, int] = field(default_factory=dict)


class CellReader:
    """Reads the groups of one table."""

    def __init__(self, table: Table, mapping: Sequence[str], frame: BookFrame) -> None:
        self._columns = {target: table.columns[at] for at, target in enumerate(mapping) if target}
        self._comma = table.comma_decimals
        at = list(mapping).index("note_day") if "note_day" in mapping else -1
        days = [row.cells[at] for row in table.rows if 0 <= at < len(row.cells)]
        self._day_first = days_come_first(days)
        self._managers = {
            key: manager.id
            for manager in frame.managers.values()
            for key in (manager.id.casefold(), manager.name.casefold(), (manager.email or manager.id).casefold())
        }

    def read(self, group: Group, known: Mapping[str, Any], *, is_new: bool, complete: bool) -> ReadGroup:
        """Return the entry of ``group`` on top of ``known``. An empty cell changes nothing."""
        read = ReadGroup(dict(known))
        read.entry["contact"] = dict(known.get("contact", {}))
        if name := group.name():
            read.entry["name"] = name
        if is_new and (client_id := group.value("id")):
            read.entry["id"] = client_id
        for target in _TEXTS:
            if text := group.value(target):
                read.entry[target] = text
        for target in _CONTACT:
            if text := group.value(target):
                read.entry["contact"][target] = text
        if risk := group.value("risk"):
            read.entry["risk"] = risk.casefold()
        self._read_manager(group, read)
        self._read_flag(group, read)
        self._read_lists(group, read)
        self._read_note(group, read)
        self._read_holdings(group, read, complete=complete)
        return read

    def _problem(self, read: ReadGroup, row: Row, target: str, message: str, fix: str) -> None:
        read.problems.append(RowProblem(row.number, self._columns[target], message, fix))

    def _read_manager(self, group: Group, read: ReadGroup) -> None:
        text = group.value("manager")
        if text:
            found = self._managers.get(text.casefold())
            if found is None:
                fix = f"Write one of {', '.join(sorted(set(self._managers.values())))}, or leave the column out."
                self._problem(read, group.rows[0], "manager", f"There is no account manager {text!r}.", fix)
            else:
                read.entry["manager"] = found

    def _read_flag(self, group: Group, read: ReadGroup) -> None:
        text = group.value("do_not_contact")
        if text:
            flag = parse_flag(text)
            read.entry["contact"]["do_not_contact"] = text if flag is None else flag

    def _read_lists(self, group: Group, read: ReadGroup) -> None:
        for target, name in (("goal", "desires"), ("assets", "assets"), ("interests", "interests")):
            wanted = [part.strip() for part in group.value(target).split(";") if part.strip()]
            listed = list(read.entry.get(name, ()))
            there = {_name(entry).casefold() for entry in listed}
            listed += [entry for entry in dict.fromkeys(wanted) if entry.casefold() not in there]
            if listed:
                read.entry[name] = listed

    def _read_note(self, group: Group, read: ReadGroup) -> None:
        text = group.value("note")
        if not text:
            return
        day = group.value("note_day")
        at = parse_day(day, day_first=self._day_first) if day else None
        if day and at is None:
            fix = "Write it as 2026-01-31 or 31.01.2026."
            self._problem(read, group.rows[0], "note_day", f"{day!r} is not a valid date.", fix)
        notes = list(read.entry.get("history", ()))
        if text not in [note if isinstance(note, str) else note["text"] for note in notes]:
            read.entry["history"] = [*notes, {"text": text, **({"at": at} if at else {})}]

    def _read_holdings(self, group: Group, read: ReadGroup, *, complete: bool) -> None:
        if not HOLDING.intersection(group.positions):
            return
        assets: list[dict[str, Any]] = [
            dict(asset) if isinstance(asset, Mapping) else {"name": asset} for asset in read.entry.get("assets", ())
        ]
        listed: set[int] = set()
        total = self._total_value(group, read)
        for row in group.rows:
            holding = self._holding(group, row, read, total)
            if holding is None:
                continue
            at = next((at for at, asset in enumerate(assets) if _is_same(asset, holding)), len(assets))
            if at == len(assets):
                assets.append({"name": holding.get("ticker") or holding.get("isin"), **holding})
            else:
                assets[at] |= {name: value for name, value in holding.items() if name != "name"}
                if "ticker" in holding:
                    assets[at].pop("tickers", None)
            listed.add(at)
            read.asset_rows[at] = row.number
        if complete and not read.problems:
            kept = [at for at, asset in enumerate(assets) if at in listed or asset.get("kind", "holding") != "holding"]
            read.asset_rows = {kept.index(at): row for at, row in read.asset_rows.items()}
            assets = [assets[at] for at in kept]
        if assets:
            read.entry["assets"] = assets

    def _holding(self, group: Group, row: Row, read: ReadGroup, total: float) -> dict[str, Any] | None:
        holding = {
            name: text
            for name in ("name", "ticker", "isin", "cik", "note")
            if (text := group.value(f"asset_{name}", row))
        }
        for name in ("isin", "ticker"):
            if name in holding:
                holding[name] = holding[name].upper().replace(" ", "") if name == "isin" else holding[name].upper()
        if not holding:
            if group.value("asset_weight", row) or group.value("asset_value", row):
                names = ("asset_name", "asset_isin", "asset_ticker", "asset_weight", "asset_value")
                column = next(name for name in names if name in self._columns)
                fix = "Write its name, ticker or ISIN."
                self._problem(read, row, column, "This row names no holding.", fix)
            return None
        if text := group.value("asset_weight", row):
            weight = parse_weight(text, comma_decimals=self._comma)
            if weight is None:
                fix = "Write it as 12% or 0.12, at most 100%."
                self._problem(read, row, "asset_weight", f"{text!r} is not a valid weight.", fix)
            else:
                holding["weight"] = f"{weight:.12f}"
        elif total and (text := group.value("asset_value", row)):
            value = parse_number(text, comma_decimals=self._comma)
            holding["weight"] = f"{max(value or 0, 0) / total:.4f}"
        return holding

    def _total_value(self, group: Group, read: ReadGroup) -> float:
        """Return the sum of the market values, from which weights are calculated."""
        total = 0.0
        for row in group.rows:
            text = group.value("asset_value", row)
            value = parse_number(text, comma_decimals=self._comma) if text else 0.0
            if value is None:
                fix = "Write it as 1234.50, without other signs."
                self._problem(read, row, "asset_value", f"{text!r} is not a number.", fix)
            total += max(value or 0.0, 0.0)
        return total


def _name(entry: Any) -> str:
    return str(entry if isinstance(entry, str) else entry.get("name", ""))


def _is_same(asset: Mapping[str, Any], holding: Mapping[str, Any]) -> bool:
    """Return whether an asset is the holding: by ISIN if both have one, else by ticker, else by name."""
    if asset.get("isin") and holding.get("isin"):
        return bool(asset["isin"] == holding["isin"])
    tickers = asset.get("tickers") or [asset.get("ticker")]
    if holding.get("ticker") and any(tickers):
        return holding["ticker"] in tickers
    return str(asset.get("name", "")).casefold() == str(holding.get("name", "")).casefold() != ""
