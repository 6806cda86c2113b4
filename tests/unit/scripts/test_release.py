"""A signed release is verified, and one that was changed in any way is not; images are pinned by digests only."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.image_pins import NotPinned, main, named_images, overlay, problems
from scripts.locked import ROOT
from tests.conftest import require

pytestmark = pytest.mark.slow

DIGEST = "sha256:" + "4f" * 32


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys, one of which may sign releases."""
    require("ssh-keygen", "install Debian's package openssh-client")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    public = (folder / "ours.pub").read_text().split()
    (folder / "signers").write_text(f'releases@example.org namespaces="firstword-release" {public[0]} {public[1]}\n')
    return folder


@pytest.fixture
def release(tmp_path: Path, keys: Path) -> Path:
    """A signed release of two files, on a machine that has verified none yet."""
    (keys / "signers.newest").unlink(missing_ok=True)
    return make_release(tmp_path / "release", keys, "1.0")


def make_release(folder: Path, keys: Path, version: str, wheel: bytes = b"wheel") -> Path:
    folder.mkdir()
    (folder / f"firstword-{version}-py3-none-any.whl").write_bytes(wheel)
    (folder / "firstword-1.0.cdx.json").write_text("{}")
    assert script("sign_release", folder, keys / "ours")[0] == 0
    return folder


def script(name: str, *arguments: Path | str) -> tuple[int, str]:
    done = subprocess.run([ROOT / "scripts" / name, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_release_as_it_was_signed_is_verified(release: Path, keys: Path) -> None:
    assert script("verify_release", release, keys / "signers") == (
        0,
        "Verified: Firstword 1.0, 2 files, signed by releases@example.org\n",
    )
    assert script("verify_release", release, keys / "signers")[0] == 0, "as often as anybody likes"


def test_an_older_release_is_refused_and_other_files_under_its_version_too(
    tmp_path: Path, release: Path, keys: Path
) -> None:
    signers, record = keys / "signers", keys / "signers.newest"
    assert script("verify_release", release, signers)[0] == 0
    newer = make_release(tmp_path / "newer", keys, "1.10rc1")
    assert script("verify_release", "--older", newer, signers)[0] == 0
    assert record.read_text().startswith("1.0 "), "on purpose is not recorded"
    assert script("verify_release", newer, signers)[0] == 0
    code, said = script("verify_release", release, signers)
    assert (code, "NOT verified: 1.0 is older than 1.10rc1" in said, "--older" in said) == (1, True, True)
    assert script("verify_release", "--older", release, signers)[0] == 0
    assert script("verify_release", make_release(tmp_path / "final", keys, "1.10"), signers)[0] == 0
    assert script("verify_release", newer, signers)[0] == 1, "a pre-release comes before its release"
    again = make_release(tmp_path / "again", keys, "1.10", b"another")
    assert "other files were verified here as 1.10 before" in script("verify_release", again, signers)[1]
    assert record.read_text().startswith("1.10 ")


def test_a_release_without_a_version_is_not_verified(release: Path, keys: Path) -> None:
    (release / "firstword-1.0-py3-none-any.whl").rename(release / "firstword.whl")
    assert script("sign_release", release, keys / "ours")[0] == 0
    assert "has no wheel of one version" in script("verify_release", release, keys / "signers")[1]


def changed(release: Path, keys: Path) -> None:
    (release / "firstword-1.0.cdx.json").write_text("{} ")


def missing(release: Path, keys: Path) -> None:
    (release / "firstword-1.0.cdx.json").unlink()


def added(release: Path, keys: Path) -> None:
    (release / "sitecustomize.py").write_text("")


def added_folder(release: Path, keys: Path) -> None:
    (release / "more").mkdir()


def changed_sums(release: Path, keys: Path) -> None:
    changed(release, keys)
    assert script("sign_release", "--sums-only", release)[0] == 0
    (release / "SHA256SUMS.sig").write_text("")


def sums_for_the_change(release: Path, keys: Path) -> None:
    signature = (release / "SHA256SUMS.sig").read_text()
    changed(release, keys)
    assert script("sign_release", "--sums-only", release)[0] == 0
    (release / "SHA256SUMS.sig").write_text(signature)


def no_signature(release: Path, keys: Path) -> None:
    (release / "SHA256SUMS.sig").unlink()


def other_key(release: Path, keys: Path) -> None:
    assert script("sign_release", release, keys / "other")[0] == 0


def other_purpose(release: Path, keys: Path) -> None:
    (release / "SHA256SUMS.sig").unlink()
    command: list[str | Path] = [
        "ssh-keygen",
        "-q",
        "-Y",
        "sign",
        "-f",
        keys / "ours",
        "-n",
        "git",
        release / "SHA256SUMS",
    ]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize(
    "attack",
    [changed, missing, added, added_folder, changed_sums, sums_for_the_change, no_signature, other_key, other_purpose],
)
def test_a_release_that_was_changed_is_not_verified(
    release: Path, keys: Path, attack: Callable[[Path, Path], None]
) -> None:
    attack(release, keys)
    code, said = script("verify_release", release, keys / "signers")
    assert code == 1
    assert "NOT verified:" in said
    assert "\nVerified" not in said


def test_no_release_is_verified_without_a_key(release: Path) -> None:
    code, said = script("verify_release", release)
    assert code == 1
    assert "names no key" in said


def test_what_can_not_be_signed_is_said(tmp_path: Path, keys: Path) -> None:
    assert "holds no file" in script("sign_release", tmp_path, keys / "ours")[1]
    (tmp_path / "a b").write_text("")
    code, said = script("sign_release", tmp_path, keys / "ours")
    assert (code != 0, "a b: a file of a release has letters" in said) == (True, True)
    assert script("sign_release", tmp_path / "missing", keys / "ours")[0] != 0


def pinned() -> dict[str, Any]:
    return overlay(ROOT, lambda image: f"{image.rpartition(':')[0]}@{DIGEST}")


def test_every_image_is_pinned_with_its_tag_and_digest() -> None:
    published, base = named_images(ROOT)
    assert set(published) == {"kafka", "postgres"}
    services = pinned()["services"]
    assert services["postgres"] == {"image": f"{published['postgres']}@{DIGEST}"}
    assert services["desk"] == {"build": {"args": {"PYTHON_IMAGE": f"{base}@{DIGEST}"}}}
    assert problems(ROOT, pinned()) == []


@pytest.mark.parametrize(
    ("service", "value", "said"),
    [
        ("kafka", {"image": "apache/kafka:4.1.1"}, "kafka: apache/kafka:4.1.1 is not pinned by a digest"),
        ("kafka", {"image": f"apache/kafka:4.0.0@{DIGEST}"}, "apache/kafka:4.0.0 is pinned"),
        ("kafka", {"image": "apache/kafka:4.1.1@sha256:4f"}, "is not pinned by a digest"),
        ("kafka", None, "is not pinned by a digest"),
        ("desk", {"build": {"args": {}}}, "desk: python:3.13-slim-trixie is not pinned by a digest"),
        ("zookeeper", {"image": f"x:1@{DIGEST}"}, "zookeeper: docker-compose.yml has no such service."),
    ],
)
def test_what_is_not_pinned_is_named(service: str, value: Any, said: str) -> None:
    written = pinned()
    written["services"][service] = value
    (problem,) = problems(ROOT, written)
    assert said in problem


def test_an_answer_that_is_no_digest_is_refused() -> None:
    with pytest.raises(NotPinned, match="is no digest"):
        overlay(ROOT, lambda image: image)


def docker(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a command of this name before all others."""
    file = folder / "docker"
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_the_file_is_written_from_the_engines_digests_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pinned.yml"
    body = f'[ "$3" = --format ] && echo "mirror.example/x/$(basename "${{5%:*}}")@{DIGEST}"; exit 0'
    docker(tmp_path, body, monkeypatch)
    assert main(["--output", str(file)]) == 0
    assert yaml.safe_load(file.read_text()) == pinned()
    assert main(["--check", "--output", str(file)]) == 0
    file.write_text(file.read_text().replace("postgres:17", "postgres:16"))
    assert main(["--check", "--output", str(file)]) == 1
    assert "postgres:16-trixie is pinned" in capsys.readouterr().err
    assert main(["--check", "--output", str(tmp_path / "none.yml")]) == 1


def test_an_image_that_was_built_here_can_not_be_pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    docker(tmp_path, "exit 0", monkeypatch)
    assert main(["--output", str(tmp_path / "pinned.yml")]) == 1
    assert "has no digest: it was built here" in capsys.readouterr().err
    assert not (tmp_path / "pinned.yml").exists()


def test_compose_uses_the_pinned_images_once_they_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    (checkout / "deploy").mkdir()
    shutil.copy(ROOT / "scripts" / "compose", checkout / "scripts")
    shutil.copy(ROOT / ".env.example", checkout)
    docker(tmp_path, 'echo "${COMPOSE_FILE:-none}"', monkeypatch)
    command: list[str | Path] = [checkout / "scripts" / "compose", "ps"]
    monkeypatch.delenv("COMPOSE_FILE", raising=False)
    assert subprocess.run(command, capture_output=True, text=True).stdout.split()[-1] == "none"
    (checkout / "deploy" / "compose.pinned.yml").write_text("")
    said = subprocess.run(command, capture_output=True, text=True).stdout.split()[-1]
    assert said == "docker-compose.yml:deploy/compose.pinned.yml"


def test_compose_makes_certificates_and_adds_the_secure_overlay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("openssl", "install Debian's package openssl")
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    for name in ("compose", "certificates"):
        shutil.copy(ROOT / "scripts" / name, checkout / "scripts")
    shutil.copy(ROOT / ".env.example", checkout)
    docker(tmp_path, 'echo "$COMPOSE_FILE|$FIRSTWORD_TLS|${KAFKA_PASSWORD:-}"', monkeypatch)
    for name in ("COMPOSE_FILE", "FIRSTWORD_SECRETS", "KAFKA_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIRSTWORD_TLS", "tls")
    command: list[str | Path] = [checkout / "scripts" / "compose", "ps"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    assert said == f"docker-compose.yml:deploy/compose.secure.yml|{checkout / 'tls'}|"
    assert (checkout / "tls" / "kafka.pem").exists()
    (password,) = [line for line in (checkout / ".env").read_text().splitlines() if line.startswith("KAFKA_PASSWORD=")]
    assert len(password) > 60
    (checkout / ".env").write_text("POSTGRES_PASSWORD=x\n")
    refused = subprocess.run(command, capture_output=True, text=True)
    assert (refused.returncode, "KAFKA_PASSWORD is not set" in refused.stderr) == (3, True)
    monkeypatch.setenv("FIRSTWORD_SECRETS", str(tmp_path / "secrets"))
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    kept = (tmp_path / "secrets" / "firstword_kafka_password").read_text()
    assert said.split("|")[-1] == kept
    assert said.split("|")[0] == "docker-compose.yml:deploy/compose.secrets.yml:deploy/compose.secure.yml"
