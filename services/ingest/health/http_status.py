"""Explains HTTP statuses to the people who look after feeds."""

from __future__ import annotations

from typing import Literal

from services.ingest.schedule.pacing import PollOutcome

__all__ = ["outcome_of_status"]

_TRY_LATER = "Firstword tries again later; if this continues, look at the site."
#: Status → its meaning, and the fix.
_MEANING: dict[int, tuple[str, str]] = {
    400: ("the server rejects the request as invalid", "Check the address."),
    401: (
        "the server asks for a user name and a password",
        "Give Firstword the feed's credentials with 'firstword feeds credentials'.",
    ),
    402: ("the server asks for payment", "Ask the publisher for access."),
    403: (
        "the server denies access",
        "Open the address in a browser. If it works there, the site blocks programs: ask for access, or use another "
        "feed.",
    ),
    404: ("there is nothing at this address", "Look for the feed's new address on the site."),
    406: ("the server has no format that Firstword can read", "Look for another feed on the site."),
    408: ("the server timed out waiting for the request", _TRY_LATER),
    410: ("the server says that the feed is gone for good", "Remove it, or look for its new address on the site."),
    421: ("the server is not responsible for this host", "Check the address."),
    429: ("the server says that it gets too many requests", "Nothing to do: Firstword asks less often from now on."),
    451: ("the server may not show the feed here for legal reasons", "Use another source."),
    500: ("the server has an internal error", _TRY_LATER),
    502: ("the server behind this address does not answer", _TRY_LATER),
    503: ("the server is overloaded or under maintenance", _TRY_LATER),
    504: ("the server behind this address does not answer in time", _TRY_LATER),
}
#: What a refusal means to a feed with credentials.
_REFUSED = {
    "sent": ("the server refuses the feed's credentials", "Set them anew with 'firstword feeds credentials'."),
    "elsewhere": (
        "the feed moved to another server, which does not get the credentials of the one before, and denies access",
        "If the new server is the publisher's, set them for it with 'firstword feeds credentials'.",
    ),
}


def outcome_of_status(
    status: int, retry_after_seconds: float | None, credentials: Literal["none", "sent", "elsewhere"] = "none"
) -> PollOutcome:
    """Return the outcome of a poll that ended with ``status``, which is neither 2xx nor 304.

    ``credentials``: the feed has none, the server that answered got them, or they are for another server.
    """
    meaning, fix = _MEANING.get(status, ("the server sends no feed", _TRY_LATER))
    if status in (401, 403) and credentials != "none":
        meaning, fix = _REFUSED[credentials]
    return PollOutcome(
        "gone" if status == 410 else "unreachable",
        f"{meaning[0].upper()}{meaning[1:]} (HTTP status {status}).",
        fix,
        retry_after_seconds,
    )
