"""A house's own playbooks, as files: the firm's, and each account manager's, laid over those that ship."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.common.errors import BadInput
from services.common.settings import Settings
from services.notifier.drafting.playbook_files import read_playbook
from services.notifier.drafting.playbooks import Playbook, Playbooks

__all__ = ["playbooks_of", "read_playbooks"]

MEND = "Give a YAML file, or a folder of them; 'firstword playbooks list --shipped' shows those that ship."


def playbooks_of(settings: Settings) -> Playbooks:
    """Those in force: the shipped ones, over them the house's.

    The house's are what FIRSTWORD_PLAYBOOKS names, else the folder ``playbooks`` in the data folder, if there is one.

    Raises:
        BadInput: a file can't be read, or has faults; all of them are named.
    """
    path = settings.playbooks
    if path is None:
        path = settings.data / "playbooks"
        if not path.is_dir():
            return Playbooks.shipped()
    return Playbooks.shipped().of_house(read_playbooks(path))


def read_playbooks(path: Path) -> Sequence[Playbook]:
    """The playbook in the file, or all in the folder and those below it, by name.

    Raises:
        BadInput: a file can't be read, or has faults; all of them are named.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())
        if not files:
            raise BadInput(f"{path}: no playbook (*.yaml) is in this folder.", fix=MEND)
    found, faults = [], []
    for file in files:
        try:
            found.append(read_playbook(file.read_text(encoding="utf-8"), str(file)))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}. {MEND}")
        except BadInput as error:
            faults.append(str(error))
    if faults:
        raise BadInput("\n".join(faults))
    return found
