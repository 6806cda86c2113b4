"""Read a firm's own playbooks from files. They take precedence over those that ship with Firstword."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.common.errors import BadInput
from services.common.settings import Settings
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbook_rules import Playbook
from services.notifier.drafting.playbooks import Playbooks

__all__ = ["own_playbooks_path", "playbooks_in_force", "read_playbooks"]

FIX = "Give a YAML file, or a folder of them; 'firstword playbooks list --shipped' shows the rules that ship."


def own_playbooks_path(settings: Settings) -> Path:
    """Return the path of the firm's own playbooks: FIRSTWORD_PLAYBOOKS, or ``playbooks`` in the data folder."""
    return settings.playbooks or settings.data / "playbooks"


def playbooks_in_force(settings: Settings) -> Playbooks:
    """Return the playbooks that ship, with the firm's own layered on top.

    Raises:
        BadInput: a file can't be read or has errors; the message lists all of them.
    """
    path = own_playbooks_path(settings)
    if settings.playbooks is None and not path.is_dir():
        return Playbooks.shipped()
    return Playbooks.shipped().with_firm_playbooks(read_playbooks(path))


def read_playbooks(path: Path) -> Sequence[Playbook]:
    """Read one playbook file, or all in a folder and its subfolders, sorted by name.

    Raises:
        BadInput: a file can't be read or has errors; the message lists all of them.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())
        if not files:
            raise BadInput(f"{path}: this folder contains no playbook (*.yaml).", fix=FIX)
    playbooks, errors = [], []
    for file in files:
        try:
            playbooks.append(parse_playbook(file.read_text(encoding="utf-8"), str(file)))
        except (OSError, UnicodeDecodeError) as error:
            errors.append(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}. {FIX}")
        except BadInput as error:
            errors.append(str(error))
    if errors:
        raise BadInput("\n".join(errors))
    return playbooks
