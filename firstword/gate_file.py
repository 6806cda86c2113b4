"""Read the firm's rules on what may be sent from a file. Kinds of findings that it does not name keep their default."""

from __future__ import annotations

from pathlib import Path

from services.common.errors import BadInput
from services.common.settings import Settings
from services.notifier.gate.policy import GatePolicy
from services.notifier.gate.policy_files import parse_policy

__all__ = ["gate_in_force", "gate_path", "read_gate"]


def gate_path(settings: Settings) -> Path:
    """Return the path of the firm's file: FIRSTWORD_GATE, or ``gate.yaml`` in the data folder."""
    return settings.gate or settings.data / "gate.yaml"


def gate_in_force(settings: Settings) -> GatePolicy:
    """Return the firm's rules, or the defaults if there is no file.

    Raises:
        BadInput: the file can't be read or has errors; the message lists all of them.
    """
    path = gate_path(settings)
    if settings.gate is None and not path.is_file():
        return GatePolicy()
    return read_gate(path)


def read_gate(path: Path) -> GatePolicy:
    """Read a file.

    Raises:
        BadInput: it can't be read or has errors; the message lists all of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8 text"
        raise BadInput(
            f"{path}: {why}.", fix="Give a YAML file; 'firstword gate show' lists what it can set."
        ) from None
    return parse_policy(text, str(path))
