"""`firstword export` and `firstword import` as a person meets them."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest

from firstword.sample.files import example
from firstword.system import lock_folder
from tests.command_line import Run, command_line


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.delenv("FIRSTWORD_DATABASE", raising=False)
    return command_line(monkeypatch, capsys)


@pytest.fixture
def house(run: Run, tmp_path: Path) -> Path:
    """A folder with the sample's book."""
    folder = tmp_path / "house"
    assert run("clients", "import", example("book.yaml"), "--data", folder)[0] == 0
    return folder


@pytest.mark.parametrize("name", ["house.jsonl", "house.jsonl.gz"])
def test_a_house_moves_through_a_file_that_only_its_owner_may_read(
    run: Run, house: Path, tmp_path: Path, name: str
) -> None:
    file, target = tmp_path / name, tmp_path / "new"
    code, _, told = run("export", file, "--data", house)
    assert code == 0
    assert "don't start this one again" in told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))
    code, out, told = run("import", file, "--data", target)
    assert (code, "Counts and hashes agree" in told) == (0, True)
    assert out.splitlines()[1].split() == ["events.clients", "8", "8", "8"]
    assert run("clients", "list", "--data", target)[1] == run("clients", "list", "--data", house)[1]
    code, _, told = run("import", file, "--data", target)
    assert (code, "--merge" in told) == (2, True)
    code, out, _ = run("import", file, "--data", target, "--merge")
    assert (code, out.splitlines()[1].split()) == (0, ["events.clients", "8", "0", "8"])


def test_what_can_not_be_is_said_and_leaves_nothing(run: Run, house: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "house.jsonl", tmp_path / "new"
    assert run("export", file, "--data", tmp_path / "nowhere")[0] == 2
    assert not file.exists()
    with lock_folder(house):
        code, _, told = run("export", file, "--data", house)
        assert (code, "uses this folder" in told) == (3, True)
    assert run("export", file, "--data", house)[0] == 0
    code, _, told = run("export", file, "--data", house)
    assert (code, "is there already" in told) == (2, True)
    raw = file.read_bytes()
    file.write_bytes(raw[:-200])
    code, _, told = run("import", file, "--data", target)
    assert (code, "cut off" in told) == (2, True)
    assert not target.exists()
    file.write_bytes(raw)
    with lock_folder(target):
        assert run("import", file, "--data", target)[0] == 3
    code, _, told = run("import", tmp_path / "none", "--data", target)
    assert (code, "No such file" in told) == (2, True)


def test_it_goes_through_a_pipe(run: Run, house: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "house.jsonl"
    assert run("export", file, "--data", house)[0] == 0

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(file.read_bytes())))
    assert run("import", "-", "--data", tmp_path / "new")[0] == 0
