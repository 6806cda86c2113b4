"""Secrets that must lie in a database, sealed with keys that don't: by Fernet, as the cryptography package has it.

The newest key seals; each opens, so that a key is replaced while the former still opens what it sealed.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from secrets import token_bytes

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection

from services.common.errors import BadInput, FirstwordError

__all__ = ["PLAIN", "Keys", "LockedSecret", "key_file", "keys_of", "new_key", "read_keys"]

#: What is sealed begins so; what doesn't was written before there was a key, or where none is set.
SEALED = "sealed:"
KEY_BYTES = 32


class LockedSecret(FirstwordError):
    """A secret can't be read, for the key that it was sealed with isn't there."""


class Keys:
    """Keys, the newest first; none at all leaves everything as it is. ``place`` says where they come from.

    Keys of a file are read again where one is missing: it may have been replaced meanwhile.

    Raises:
        BadInput: when one is no key; the message doesn't repeat it.
    """

    def __init__(self, keys: Sequence[str], place: str, path: Path | None = None) -> None:
        self.place = place
        self._path = path
        self._set(keys)

    def _set(self, keys: Sequence[str]) -> None:
        self.count = len(keys)
        ciphers = [_cipher(key, number, self.place) for number, key in enumerate(keys, 1)]
        self._newest = ciphers[0] if ciphers else None
        self._any = MultiFernet(ciphers) if ciphers else None
        self._opened = lru_cache(maxsize=2_000)(self._decrypt)  # an endpoint's secrets are read for each request

    def __repr__(self) -> str:
        return f"Keys({self.count} from {self.place})"

    def seal(self, text: str) -> str:
        """``text`` as it is kept."""
        return text if self._newest is None else f"{SEALED}{self._newest.encrypt(text.encode()).decode()}"

    def open(self, kept: str) -> str:
        """The inverse of :meth:`seal`.

        Raises:
            LockedSecret: when none of the keys opens it.
        """
        if not kept.startswith(SEALED):
            return kept
        try:
            return self._opened(kept)
        except InvalidToken:
            if self._path is not None:
                self._set(_listed(self._path.read_text(encoding="ascii")) if self._path.exists() else [])
            try:
                return self._opened(kept)
            except InvalidToken:
                raise LockedSecret(
                    f"A secret in the database was sealed with a key that isn't there ({self.place}).",
                    fix="Put the key back; or give endpoints new secrets with 'firstword webhooks rotate'.",
                ) from None

    def newest_sealed(self, kept: str) -> bool:
        """Whether it is sealed as :meth:`seal` would now; always where there are no keys."""
        if self._newest is None:
            return True
        try:
            self._newest.decrypt(kept.removeprefix(SEALED).encode())
        except InvalidToken:
            return False
        return kept.startswith(SEALED)

    def _decrypt(self, kept: str) -> str:
        if self._any is None:
            raise InvalidToken
        return self._any.decrypt(kept.removeprefix(SEALED).encode()).decode()


PLAIN = Keys((), "no keys are set")


def new_key() -> str:
    """A new key, as it is written into a file or a setting."""
    return token_bytes(KEY_BYTES).hex()


def read_keys(given: str | None, path: Path | None) -> Keys:
    """The keys that a setting gives, else those of the file ``path``, which is made where it isn't there.

    Raises:
        BadInput: when one is no key, or the file can't be read or made.
    """
    if given is not None:
        return Keys(_listed(given), "FIRSTWORD_KEYS")
    if path is None:
        return PLAIN
    try:
        if not path.exists():
            key_file(path, [new_key()], replace=False)
        return Keys(_listed(path.read_text(encoding="ascii")), str(path), path)
    except (OSError, UnicodeError) as error:
        raise BadInput(
            f"{path}: the keys that secrets are sealed with can't be read: {error}.",
            fix="See that the file belongs to the user who runs Firstword.",
        ) from None


def key_file(path: Path, keys: Sequence[str], *, replace: bool = True) -> None:
    """Write ``keys`` into a file that only its owner may read, whole or not at all; one that is there first stays."""
    draft = path.with_name(f"{path.name}.{token_bytes(4).hex()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123
        file.write("".join(f"{key}\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    try:
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)
    except FileExistsError:  # another process was faster, and its keys hold
        pass
    finally:
        draft.unlink(missing_ok=True)


def keys_of(connection: Connection) -> Keys:
    """The keys of the database that ``connection`` speaks to."""
    found = connection.get_execution_options().get("keys", PLAIN)
    assert isinstance(found, Keys)  # noqa: S101 - set in one place
    return found


def _listed(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _cipher(key: str, number: int, place: str) -> Fernet:
    """A key is 32 random bytes, written as hexadecimal or as base64 for addresses."""
    try:
        raw = bytes.fromhex(key) if len(key) == 2 * KEY_BYTES else None
        return Fernet(key if raw is None else urlsafe_b64encode(raw))
    except (ValueError, TypeError):
        raise BadInput(f"Key {number} of {place} is no key.", fix="Make one with 'firstword keys new'.") from None
