"""The errors that Firstword raises on purpose. Messages say what happened and why; ``fix`` says what to do."""

from __future__ import annotations

__all__ = ["BadInput", "FirstwordError", "KnownBadEvent", "Unreachable"]


class FirstwordError(Exception):
    """Base class. The command line prints the message without a traceback and exits with ``exit_code``."""

    exit_code = 1

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message} {self.fix}" if self.fix else self.message


class BadInput(FirstwordError):
    """Input from a person or a feed is invalid: a file, an option, an address."""

    exit_code = 2


class KnownBadEvent(FirstwordError):
    """A well-formed event that its processor can't process. It goes to the dead letters; processing continues."""


class Unreachable(FirstwordError):
    """An external system does not respond. Try again later; nothing is lost."""

    exit_code = 3
