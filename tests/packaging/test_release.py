"""A release is built twice with the same bytes, signed with make, and verified as a customer does it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts.locked import ROOT
from tests.conftest import require

#: A machine with another home, in another place.
ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "TZ": "Asia/Tokyo", "LC_ALL": "C"}


def run(folder: Path, *command: str | Path, code: int = 0) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def checkout(place: Path) -> Path:
    """Return a checkout of this commit with a tag, as somebody else has it."""
    run(ROOT, "git", "clone", "--quiet", "--no-hardlinks", ROOT, place)
    run(place, "git", "-c", "user.name=A", "-c", "user.email=a@firm.example", "tag", "-a", "v9.8.7", "-m", "9.8.7")
    (place / ".venv").symlink_to((ROOT / ".venv").resolve())
    return place


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_a_release_is_built_signed_and_verified(tmp_path: Path) -> None:
    require("ssh-keygen", "install Debian's package openssh-client")
    first, second = checkout(tmp_path / "a"), checkout(tmp_path / "elsewhere" / "b")
    for place in (first, second):
        run(place, "scripts/build_release", "9.8.7")
    built = files(first / "dist")
    assert built == files(second / "dist"), "the same commit gives the same bytes"
    names = {"firstword-9.8.7-py3-none-any.whl", "firstword-9.8.7.tar.gz", "firstword-9.8.7.cdx.json"}
    assert set(built) == names | {"requirements.txt", "requirements-stack.txt", "SHA256SUMS"}
    bill = json.loads(built["firstword-9.8.7.cdx.json"])
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", "9.8.7")
    with ZipFile(first / "dist" / "firstword-9.8.7-py3-none-any.whl") as wheel:
        assert not [name for name in wheel.namelist() if name.startswith(("tests/", "training/", "scripts/"))]
    with tarfile.open(first / "dist" / "firstword-9.8.7.tar.gz") as sdist:
        assert not [entry.name for entry in sdist if not (entry.isreg() or entry.isdir()) or ".." in entry.name]

    run(tmp_path, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key")
    kind, public, *_ = (tmp_path / "key.pub").read_text().split()
    (tmp_path / "signers").write_text(f'releases@example.org namespaces="firstword-release" {kind} {public}\n')
    assert "No key is given" in run(first, "make", "release-sign", code=2)
    assert "Signed 5 files" in run(first, "make", "release-sign", f"KEY={tmp_path / 'key'}")
    assert files(first / "dist")["SHA256SUMS"] == built["SHA256SUMS"], "what the workflow attests stays as it is"
    customer = shutil.copytree(first / "dist", tmp_path / "customer")
    verify = ("make", "release-verify", f"SIGNERS={tmp_path / 'signers'}", f"DIST={customer}")
    assert "Verified: Firstword 9.8.7, 5 files, signed by releases@example.org" in run(second, *verify)
    with (customer / "firstword-9.8.7-py3-none-any.whl").open("ab") as wheel_file:
        wheel_file.write(b" ")
    assert "NOT verified" in run(second, *verify, code=2)


@pytest.mark.slow
def test_files_of_another_version_are_no_release(tmp_path: Path) -> None:
    place = checkout(tmp_path / "a")
    assert "is v9.9.9 the tag of this commit?" in run(place, "scripts/build_release", "9.9.9", code=1)
    assert not (place / "dist" / "SHA256SUMS").exists()
