"""DKIM signatures (RFC 6376) with the dkimpy package, for firms whose mail server doesn't sign."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from services.common.errors import BadInput

__all__ = ["DkimKey", "read_key"]

#: The signed headers: those that a reader sees, and those that identify a mail (RFC 6376, 5.4.1).
SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"content-type", b"mime-version")


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key, and the DNS name of the public key: ``selector._domainkey.domain``."""

    domain: str
    selector: str
    pem: bytes = field(repr=False)

    def sign(self, mail: bytes) -> bytes:
        """Return ``mail`` with a signature at its beginning."""
        present = {line.split(b":", 1)[0].lower() for line in mail.split(b"\r\n\r\n", 1)[0].split(b"\r\n")}
        signature: bytes = _dkim().sign(
            mail,
            self.selector.encode(),
            self.domain.encode(),
            self.pem,
            include_headers=[name for name in SIGNED if name in present],
            canonicalize=(b"relaxed", b"relaxed"),
        )
        return signature + mail


def read_key(domain: str, selector: str, path: Path) -> DkimKey:
    """Read the key in ``path``, and test it.

    Raises:
        BadInput: dkimpy isn't installed, or the file doesn't contain a key.
    """
    try:
        key = DkimKey(domain, selector, path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: cannot read the DKIM key: {error.strerror}.", fix="Check the path.") from None
    try:
        key.sign(b"From: a@b.example\r\nSubject: a trial\r\n\r\nA trial.\r\n")
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{path} is not a private key for DKIM: {error}.", fix="Use an RSA key in PEM format.") from None
    return key


def _dkim() -> Any:
    try:
        return import_module("dkim")
    except ImportError:
        raise BadInput("Signing mail with DKIM requires dkimpy.", fix="Install firstword[dkim].") from None
