"""`firstword export` and `firstword import` on the command line."""

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
def installation(run: Run, tmp_path: Path) -> Path:
    """A data folder with the sample's client book."""
    folder = tmp_path / "installation"
    assert run("clients", "import", example("book.yaml"), "--data", folder)[0] == 0
    return folder


@pytest.mark.parametrize("name", ["installation.jsonl", "installation.jsonl.gz"])
def test_an_installation_moves_through_a_file_that_only_its_owner_may_read(
    run: Run, installation: Path, tmp_path: Path, name: str
) -> None:
    file, target = tmp_path / name, tmp_path / "new"
    code, _, err = run("export", file, "--data", installation)
    assert code == 0
    assert "don't start this installation again" in err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))
    code, out, err = run("import", file, "--data", target)
    assert (code, "Counts and hashes match" in err) == (0, True)
    assert out.splitlines()[1].split() == ["events.clients", "8", "8", "8"]
    assert run("clients", "list", "--data", target)[1] == run("clients", "list", "--data", installation)[1]
    code, _, err = run("import", file, "--data", target)
    assert (code, "--merge" in err) == (2, True)
    code, out, _ = run("import", file, "--data", target, "--merge")
    assert (code, out.splitlines()[1].split()) == (0, ["events.clients", "8", "0", "8"])


def test_a_refused_export_or_import_says_why_and_leaves_nothing(run: Run, installation: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "installation.jsonl", tmp_path / "new"
    assert run("export", file, "--data", tmp_path / "nowhere")[0] == 2
    assert not file.exists()
    with lock_folder(installation):
        code, _, err = run("export", file, "--data", installation)
        assert (code, "uses this folder" in err) == (3, True)
    assert run("export", file, "--data", installation)[0] == 0
    code, _, err = run("export", file, "--data", installation)
    assert (code, "exists already" in err) == (2, True)
    raw = file.read_bytes()
    file.write_bytes(raw[:-200])
    code, _, err = run("import", file, "--data", target)
    assert (code, "cut off" in err) == (2, True)
    assert not target.exists()
    file.write_bytes(raw)
    with lock_folder(target):
        assert run("import", file, "--data", target)[0] == 3
    code, _, err = run("import", tmp_path / "none", "--data", target)
    assert (code, "No such file" in err) == (2, True)


def test_an_export_can_be_imported_from_standard_input(
    run: Run, installation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "installation.jsonl"
    assert run("export", file, "--data", installation)[0] == 0

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(file.read_bytes())))
    assert run("import", "-", "--data", tmp_path / "new")[0] == 0
