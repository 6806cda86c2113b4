"""Reasons to refuse an action."""

from __future__ import annotations

from collections.abc import Sequence

from services.common.errors import FirstwordError
from services.notifier.gate.findings import GatedFinding, Refusal

__all__ = [
    "Conflict",
    "FactorNeeded",
    "Forbidden",
    "GateRefused",
    "InvalidFields",
    "KeyReused",
    "NotFound",
    "ProofNeeded",
    "RoleRefused",
    "SignInNeeded",
    "TooManyAttempts",
    "TooManyRequests",
]


class NotFound(FirstwordError):
    """It does not exist, or this user may not see it; the answer does not say which."""


class Conflict(FirstwordError):
    """Somebody has changed it in the meantime, perhaps the same person in another tab."""


class GateRefused(FirstwordError):
    """The firm's rules hold the message back. ``findings`` are those that do."""

    def __init__(self, refusal: Refusal, findings: Sequence[GatedFinding]) -> None:
        listed = " ".join(map(str, findings))
        if refusal == "blocked":
            super().__init__(f"This message can't go out as it is. {listed}", fix="Edit it, then approve it again.")
        elif refusal == "second_person_needed":
            super().__init__(
                f"A second person has to approve this message. {listed}",
                fix="Somebody else, whom your firm's rules allow to, has to approve it.",
            )
        else:
            super().__init__(f"This message needs a reason. {listed}", fix="Change the text, or approve with a reason.")
        self.refusal = refusal
        self.findings = tuple(findings)


class InvalidFields(FirstwordError):
    """Fields of a request can't be used. ``problems`` are their paths, and what is wrong with each."""

    def __init__(self, message: str, problems: Sequence[tuple[str, str]], *, fix: str | None = None) -> None:
        super().__init__(message, fix=fix)
        self.problems = tuple(problems)


class SignInNeeded(FirstwordError):
    """Nobody is signed in."""


class Forbidden(FirstwordError):
    """The API token has no scope for it. ``scope`` is the one that is needed."""

    def __init__(self, scope: str, *, fix: str = "Use another token.") -> None:
        super().__init__(f"This API token may not do this: it lacks the scope {scope!r}.", fix=fix)
        self.scope = scope


class RoleRefused(FirstwordError):
    """The user's role doesn't allow it."""

    def __init__(self, role: str) -> None:
        super().__init__(f"Your role ({role}) doesn't allow this.", fix="Ask the owner of this installation.")


class FactorNeeded(FirstwordError):
    """The user's role needs a second factor, and they have none yet."""

    def __init__(self) -> None:
        super().__init__("Your role needs a second factor.", fix="Set it up on the desk, under Your settings.")


class ProofNeeded(FirstwordError):
    """The user must prove anew who they are. ``then`` is the page on which they go on."""

    def __init__(self, then: str) -> None:
        super().__init__("This asks you to prove first that it is you.", fix="Do so, then repeat it.")
        self.then = then


class KeyReused(FirstwordError):
    """An idempotency key was used for another request."""


class TooManyRequests(FirstwordError):
    """The caller sends more requests than the desk accepts. ``seconds`` later the next one is accepted."""

    def __init__(
        self, seconds: int, message: str = "You send too many requests.", fix: str = "then send fewer"
    ) -> None:
        super().__init__(message, fix=f"Wait {seconds} s, {fix}.")
        self.seconds = seconds


class TooManyAttempts(TooManyRequests):
    """Too many sign-ins have failed, from the caller's network or for the account."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds, "Too many sign-ins have failed.", "then try again with a new link or token")
