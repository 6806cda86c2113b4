"""DKIM (RFC 6376) by the dkimpy package, for houses whose mail server doesn't sign by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from services.common.errors import BadInput

__all__ = ["DkimKey", "read_key"]

#: What is signed: what a reader sees, and what makes one mail another (RFC 6376, 5.4.1).
SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"content-type", b"mime-version")


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key, and under which name its public half stands in the DNS: ``selector._domainkey.domain``."""

    domain: str
    selector: str
    pem: bytes = field(repr=False)

    def sign(self, mail: bytes) -> bytes:
        """``mail`` with a signature before it."""
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
    """The key in ``path``, tried out.

    Raises:
        BadInput: when dkimpy isn't installed, or the file holds no key.
    """
    try:
        key = DkimKey(domain, selector, path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path}: the DKIM key can't be read: {error.strerror}.", fix="Check the path.") from None
    try:
        key.sign(b"From: a@b.example\r\nSubject: a trial\r\n\r\nA trial.\r\n")
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(
            f"{path}: no private key that DKIM signs with ({error}).", fix="Give an RSA key as PEM."
        ) from None
    return key


def _dkim() -> Any:
    try:
        return import_module("dkim")
    except ImportError:
        raise BadInput("Signing mail by DKIM needs dkimpy.", fix="Install firstword[dkim].") from None
