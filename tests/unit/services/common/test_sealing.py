"""Secrets in a database are sealed; keys are replaced without losing any; nothing tells one."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from services.common.errors import BadInput
from services.common.sealing import PLAIN, Keys, LockedSecret, key_file, new_key, read_keys

OLD, NEW = Keys([new_key()], "a test"), Keys([new_key()], "a test")


@given(st.text())
def test_what_is_sealed_is_opened_by_its_key_alone(text: str) -> None:
    kept = OLD.seal(text)
    assert kept.startswith("sealed:")
    assert OLD.open(kept) == text
    assert OLD.newest_sealed(kept)
    assert not NEW.newest_sealed(kept)
    with pytest.raises(LockedSecret, match="Put the key back"):
        NEW.open(kept)


def test_a_former_key_opens_what_it_sealed() -> None:
    former, fresh = new_key(), new_key()
    kept = Keys([former], "a test").seal("whsec_1")
    both = Keys([fresh, former], "a test")
    assert both.open(kept) == "whsec_1"
    assert not both.newest_sealed(kept)
    assert Keys([fresh], "a test").open(both.seal("whsec_1")) == "whsec_1"


def test_without_keys_it_stays_as_it_is_and_what_was_plain_is_read() -> None:
    assert PLAIN.seal("whsec_1") == PLAIN.open("whsec_1") == OLD.open("whsec_1") == "whsec_1"
    assert not OLD.newest_sealed("whsec_1")
    with pytest.raises(LockedSecret):
        PLAIN.open(OLD.seal("whsec_1"))


def test_a_key_may_be_written_in_either_way_and_one_that_is_none_is_not_repeated() -> None:
    assert Keys([Fernet.generate_key().decode()], "a test").count == 1
    with pytest.raises(BadInput, match="Key 2 of FIRSTWORD_KEYS is no key") as caught:
        read_keys(f"{new_key()}, tell-nobody", None)
    assert "tell-nobody" not in str(caught.value)
    assert "tell" not in repr(OLD)


def test_a_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: read_keys(None, path), range(8)))
    kept = made[0].seal("whsec_1")
    assert all(keys.open(kept) == "whsec_1" for keys in made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]


def test_a_key_that_was_added_to_the_file_meanwhile_is_found(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    running = read_keys(None, path)
    key_file(path, [new_key(), *path.read_text().split()])
    assert running.open(read_keys(None, path).seal("whsec_1")) == "whsec_1"


def test_a_file_that_is_no_list_of_keys_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="keys"):
        read_keys(None, tmp_path / "keys")
