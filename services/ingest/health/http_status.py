"""What an HTTP status means for a feed, in words for people."""

from __future__ import annotations

from services.ingest.schedule.pacing import Outcome

__all__ = ["outcome_of_status"]

_TRY_LATER = "It is tried again later; if it stays so, look at the site."
#: Status → what it means, what to do.
_MEANING: dict[int, tuple[str, str]] = {
    400: ("the server calls the request wrong", "Check the address."),
    401: ("the server wants a user name and a password", "Put them into the address: https://user:password@host/feed."),
    402: ("the server wants payment", "Ask the publisher for access."),
    403: (
        "the server forbids it",
        "Open it in a browser; some sites shut out programs: ask them, or use another feed.",
    ),
    404: ("there is nothing at this address", "Look for the feed's new address on the site."),
    406: ("the server has no form that we could read", "Look for another feed on the site."),
    408: ("the server waited too long", _TRY_LATER),
    410: ("the server says that it is gone for good", "Remove it, or look for the feed's new address on the site."),
    421: ("the server does not serve this host", "Check the address."),
    429: ("the server says that it was asked too often", "It is asked less often from now on."),
    451: ("the server may not show it here for legal reasons", "Use another source."),
    500: ("the server has an error of its own", _TRY_LATER),
    502: ("the server behind this address does not answer", _TRY_LATER),
    503: ("the server is overloaded or under maintenance", _TRY_LATER),
    504: ("the server behind this address does not answer in time", _TRY_LATER),
}


def outcome_of_status(status: int, retry_after_seconds: float | None) -> Outcome:
    """The outcome of a poll that was answered with ``status``, which is neither 2xx nor 304."""
    meaning, fix = _MEANING.get(status, ("the server sends no feed", _TRY_LATER))
    return Outcome(
        "gone" if status == 410 else "unreachable",
        f"{meaning[0].upper()}{meaning[1:]} (HTTP status {status}).",
        fix,
        retry_after_seconds,
    )
