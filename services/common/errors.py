"""The one tree of errors that Firstword raises on purpose. A message names the thing, the cause and the fix."""

from __future__ import annotations

__all__ = ["BadInput", "FirstwordError", "KnownBadEvent", "Unreachable"]


class FirstwordError(Exception):
    """Base of all; the command line prints its message without a traceback and ends with ``exit_code``."""

    exit_code = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}" if self.fix else self.message


class BadInput(FirstwordError):
    """Something that a person or a feed gave can't be used: a file, an option, an address."""

    exit_code = 2


class KnownBadEvent(FirstwordError):
    """An event that decodes, but that its processor can't work with; it goes to the dead letters, the rest goes on."""


class Unreachable(FirstwordError):
    """Something outside doesn't answer: try again later, lose nothing."""

    exit_code = 3
