"""Read the files in which a firm sets its own trades, playbooks and gate. They take precedence over what ships."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from services.common.errors import BadInput
from services.common.settings import Settings
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbook_rules import Playbook
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.gate.policy import GatePolicy
from services.notifier.gate.policy_files import parse_policy
from services.notifier.trades.catalog import Trades
from services.notifier.trades.trade_files import TradeFile, parse_trade

__all__ = [
    "gate_in_force",
    "gate_path",
    "own_playbooks_path",
    "own_trades_path",
    "playbooks_in_force",
    "read_gate",
    "read_playbooks",
    "read_text",
    "read_trades",
    "trades_in_force",
]

T = TypeVar("T")
_PLAYBOOK_FIX = "Give a YAML file, or a folder of them; 'firstword playbooks list --shipped' shows the rules that ship."
_TRADE_FIX = "Give a YAML file, or a folder of them; 'firstword trades new NAME' writes one to start from."
_GATE_FIX = "Give a YAML file; 'firstword gate show' lists what it can set."


def read_text(path: Path, fix: str) -> str:
    """Return a file's text.

    Raises:
        BadInput: it can't be read, or is not UTF-8 text; ``fix`` says what to give instead.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}.", fix=fix) from None


def gate_path(settings: Settings) -> Path:
    """Return the path of the firm's rules on what may be sent: FIRSTWORD_GATE, or ``gate.yaml`` in the data folder."""
    return settings.gate or settings.data / "gate.yaml"


def gate_in_force(settings: Settings) -> GatePolicy:
    """Return the firm's rules on what may be sent, or the defaults if there is no file.

    Raises:
        BadInput: the file can't be read or has errors; the message lists all of them.
    """
    path = gate_path(settings)
    if settings.gate is None and not path.is_file():
        return GatePolicy()
    return read_gate(path)


def read_gate(path: Path) -> GatePolicy:
    """Read a file of rules on what may be sent.

    Raises:
        BadInput: it can't be read or has errors; the message lists all of them.
    """
    return parse_policy(read_text(path, _GATE_FIX), str(path))


def own_trades_path(settings: Settings) -> Path:
    """Return the path of the firm's own trades: FIRSTWORD_TRADES, or ``trades`` in the data folder."""
    return settings.trades or settings.data / "trades"


def trades_in_force(settings: Settings) -> Trades:
    """Return the trades that ship, with the firm's own over them.

    Raises:
        BadInput: a file can't be read or has errors; the message lists all of them.
    """
    path = own_trades_path(settings)
    if settings.trades is None and not _yaml_files(path):
        return Trades.shipped()
    return Trades.shipped().with_files(read_trades(path))


def read_trades(path: Path) -> Sequence[TradeFile]:
    """Read one trade file, or all in a folder and its subfolders, sorted by name.

    Raises:
        BadInput: a file can't be read or has errors; the message lists all of them.
    """
    return _read_all(path, parse_trade, "trade", _TRADE_FIX)


def own_playbooks_path(settings: Settings) -> Path:
    """Return the path of the firm's own playbooks: FIRSTWORD_PLAYBOOKS, or ``playbooks`` in the data folder."""
    return settings.playbooks or settings.data / "playbooks"


def playbooks_in_force(settings: Settings) -> Playbooks:
    """Return the playbooks that ship, with the firm's own layered on top, for the trades in force.

    Raises:
        BadInput: a file can't be read or has errors; the message lists all of them.
    """
    trades, path = trades_in_force(settings), own_playbooks_path(settings)
    shipped = Playbooks.shipped().with_trades(trades)
    if settings.playbooks is None and not _yaml_files(path):
        return shipped
    return shipped.with_firm_playbooks(read_playbooks(path, trades))


def read_playbooks(path: Path, trades: Trades) -> Sequence[Playbook]:
    """Read one playbook file, or all in a folder and its subfolders, sorted by name.

    Raises:
        BadInput: a file can't be read or has errors; the message lists all of them.
    """
    return _read_all(path, lambda text, file: parse_playbook(text, file, trades), "playbook", _PLAYBOOK_FIX)


def _read_all(path: Path, parse: Callable[[str, str], T], noun: str, fix: str) -> list[T]:
    files = [path]
    if path.is_dir():
        files = _yaml_files(path)
        if not files:
            raise BadInput(f"{path}: this folder contains no {noun} (*.yaml).", fix=fix)
    parsed, errors = list[T](), []
    for file in files:
        try:
            parsed.append(parse(read_text(file, fix), str(file)))
        except BadInput as error:
            errors.append(str(error))
    if errors:
        raise BadInput("\n".join(errors))
    return parsed


def _yaml_files(folder: Path) -> list[Path]:
    """Return the YAML files in a folder and its subfolders, sorted by name; none if there is no such folder."""
    return sorted(file for file in folder.rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())
