"""Reasons to refuse an action."""

from __future__ import annotations

from collections.abc import Sequence

from services.common.errors import FirstwordError
from services.notifier.gate.findings import GatedFinding, Refusal

__all__ = ["Conflict", "Forbidden", "GateRefused", "KeyReused", "NotFound", "SignInNeeded", "TooManyRequests"]


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


class SignInNeeded(FirstwordError):
    """Nobody is signed in."""


class Forbidden(FirstwordError):
    """The API token has no scope for it. ``scope`` is the one that is needed."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This API token may not do this: it lacks the scope {scope!r}.", fix="Use another token.")
        self.scope = scope


class KeyReused(FirstwordError):
    """An idempotency key was used for another request."""


class TooManyRequests(FirstwordError):
    """The caller sends more requests than the desk accepts. ``seconds`` later the next one is accepted."""

    def __init__(self, seconds: int) -> None:
        super().__init__("You send too many requests.", fix=f"Wait {seconds} s, then send fewer.")
        self.seconds = seconds
