from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.private_files import make_private_file, make_private_folder, readable_by_others


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """Let new files be as open as a program makes them, as on a careless machine."""
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_file_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    make_private_folder(folder)
    make_private_file(folder / "firstword.db")
    assert (rights(folder), rights(folder / "firstword.db")) == (0o700, 0o600)
    assert not readable_by_others(folder)


def test_what_was_open_is_closed_and_keeps_its_content(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    (folder / "firstword.db").write_text("kept")
    make_private_folder(folder)
    make_private_file(folder / "firstword.db")
    assert (rights(folder), rights(folder / "firstword.db")) == (0o700, 0o600)
    assert (folder / "firstword.db").read_text() == "kept"


def test_a_folder_for_everybodys_temporary_files_stays_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    make_private_folder(shared)
    assert rights(shared) == 0o1777


def test_a_stricter_folder_is_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o500)
    make_private_folder(folder)
    assert rights(folder) == 0o500
