"""Encrypts secrets in the database with keys that are stored elsewhere (Fernet, of the cryptography package).

The newest key encrypts; all keys decrypt, so that keys can be rotated.
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

__all__ = ["PLAIN", "Keys", "LockedSecret", "keys_of", "new_key", "read_keys", "write_key_file"]

#: Prefix of sealed values. Values without it were written when no key was set.
SEALED = "sealed:"
KEY_BYTES = 32


class LockedSecret(FirstwordError):
    """A secret can't be decrypted because the key is missing."""


class Keys:
    """Encryption keys, newest first; without keys, nothing is encrypted. ``place`` is their origin, for messages.

    If a key is missing, the key file ``path`` is read again, because it may have changed in the meantime.

    Raises:
        BadInput: a key is invalid; the message does not contain it.
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
        self._opened = lru_cache(maxsize=2_000)(self._decrypt)  # webhook secrets are needed for each request

    def __repr__(self) -> str:
        return f"Keys({self.count} from {self.place})"

    def seal(self, text: str) -> str:
        """Encrypt ``text`` for storing."""
        return text if self._newest is None else f"{SEALED}{self._newest.encrypt(text.encode()).decode()}"

    def open(self, kept: str) -> str:
        """Decrypt a stored value.

        Raises:
            LockedSecret: none of the keys decrypts it.
        """
        if not kept.startswith(SEALED):
            return kept
        try:
            return self._opened(kept)
        except InvalidToken:
            if self._path is not None:
                self._set(_split(self._path.read_text(encoding="ascii")) if self._path.exists() else [])
            try:
                return self._opened(kept)
            except InvalidToken:
                raise LockedSecret(
                    f"A secret in the database was encrypted with a key that is missing ({self.place}).",
                    fix="Put the key back, or give the endpoints new secrets with 'firstword webhooks rotate'.",
                ) from None

    def newest_sealed(self, kept: str) -> bool:
        """Return whether the value is sealed with the newest key; always True without keys."""
        if self._newest is None:
            return True
        try:
            self._newest.decrypt(kept.removeprefix(SEALED).encode())
        except InvalidToken:
            return False
        return kept.startswith(SEALED)

    def resealed(self, kept: str) -> str:
        """Return a stored value as it is, or sealed anew if that was not with the newest key.

        Raises:
            LockedSecret: none of the keys decrypts it.
        """
        return kept if self.newest_sealed(kept) else self.seal(self.open(kept))

    def _decrypt(self, kept: str) -> str:
        if self._any is None:
            raise InvalidToken
        return self._any.decrypt(kept.removeprefix(SEALED).encode()).decode()


PLAIN = Keys((), "no keys are set")


def new_key() -> str:
    """Generate a key, as written in a file or a setting."""
    return token_bytes(KEY_BYTES).hex()


def read_keys(given: str | None, path: Path | None) -> Keys:
    """Return the keys of a setting, else those of the file ``path``, which is created if it does not exist.

    Raises:
        BadInput: a key is invalid, or the file can't be read or created.
    """
    if given is not None:
        return Keys(_split(given), "FIRSTWORD_KEYS")
    if path is None:
        return PLAIN
    try:
        if not path.exists():
            write_key_file(path, [new_key()], replace=False)
        return Keys(_split(path.read_text(encoding="ascii")), str(path), path)
    except (OSError, UnicodeError) as error:
        raise BadInput(
            f"The keys that encrypt secrets can't be read from {path}: {error}.",
            fix="Make sure that the file belongs to the user who runs Firstword.",
        ) from None


def write_key_file(path: Path, keys: Sequence[str], *, replace: bool = True) -> None:
    """Write ``keys`` atomically to a file that only its owner may read; unless ``replace``, an existing file stays."""
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
    except FileExistsError:  # another process was faster: its keys are valid
        pass
    finally:
        draft.unlink(missing_ok=True)


def keys_of(connection: Connection) -> Keys:
    """Return the keys of the database of ``connection``."""
    keys = connection.get_execution_options().get("keys", PLAIN)
    assert isinstance(keys, Keys)  # noqa: S101 - only the store sets it
    return keys


def _split(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _cipher(key: str, number: int, place: str) -> Fernet:
    """Parse a key: 32 random bytes, in hexadecimal or URL-safe base64."""
    try:
        raw = bytes.fromhex(key) if len(key) == 2 * KEY_BYTES else None
        return Fernet(key if raw is None else urlsafe_b64encode(raw))
    except (ValueError, TypeError):
        raise BadInput(
            f"Key {number} of {place} is not a valid key.", fix="Create one with 'firstword keys new'."
        ) from None
