"""Secrets in the database are encrypted, keys can be rotated, and no message contains a key."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import BadInput
from services.common.sealing import PLAIN, Keys, LockedSecret, new_key, read_keys, write_key_file

OLD, NEW = Keys([new_key()], "a test"), Keys([new_key()], "a test")


@given(st.text())
def test_a_sealed_secret_opens_only_with_its_key(text: str) -> None:
    kept = OLD.seal(text)
    assert kept.startswith("sealed:")
    assert OLD.open(kept) == text
    assert OLD.newest_sealed(kept)
    assert not NEW.newest_sealed(kept)
    with pytest.raises(LockedSecret, match="Put the key back"):
        NEW.open(kept)


def test_an_older_key_still_opens_its_secrets() -> None:
    former, fresh = new_key(), new_key()
    kept = Keys([former], "a test").seal("whsec_1")
    both = Keys([fresh, former], "a test")
    assert both.open(kept) == "whsec_1"
    assert not both.newest_sealed(kept)
    assert Keys([fresh], "a test").open(both.seal("whsec_1")) == "whsec_1"


def test_without_keys_secrets_are_plain_and_plain_ones_are_read() -> None:
    assert PLAIN.seal("whsec_1") == PLAIN.open("whsec_1") == OLD.open("whsec_1") == "whsec_1"
    assert not OLD.newest_sealed("whsec_1")
    with pytest.raises(LockedSecret):
        PLAIN.open(OLD.seal("whsec_1"))


def test_a_key_may_be_hexadecimal_or_base64_and_an_invalid_one_is_not_repeated() -> None:
    assert Keys([Fernet.generate_key().decode()], "a test").count == 1
    with pytest.raises(BadInput, match="Key 2 of FIRSTWORD_KEYS is not a valid key") as caught:
        read_keys(f"{new_key()}, tell-nobody", None)
    assert "tell-nobody" not in str(caught.value)
    assert "tell" not in repr(OLD)


def test_a_key_file_is_created_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: read_keys(None, path), range(8)))
    kept = made[0].seal("whsec_1")
    assert all(keys.open(kept) == "whsec_1" for keys in made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["keys"]


def test_a_key_added_to_the_file_later_is_found(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    running = read_keys(None, path)
    write_key_file(path, [new_key(), *path.read_text().split()])
    assert running.open(read_keys(None, path).seal("whsec_1")) == "whsec_1"


def test_an_invalid_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="keys"):
        read_keys(None, tmp_path / "keys")
