"""The common part of chat channels: post a JSON document to a secret address, and interpret the response."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from services.common.clock import Clock
from services.common.post import HttpClient, PostResult, post
from services.notifier.delivery.channels.base import Outcome, OutcomeKind, Outgoing

__all__ = ["HookChannel", "Hooks", "post_document"]

#: Names of people or groups, each with the secret address of its webhook.
Hooks = Mapping[str, str]
DETAIL_LIMIT = 200
#: Client errors that may go away; any other one is final.
_LATER = frozenset({408, 425, 429})


async def post_document(http: HttpClient, clock: Clock, service: str, url: str, document: Mapping[str, Any]) -> Outcome:
    """Post ``document`` once. ``service`` is its name for people; ``url`` is a secret and never shown.

    These services don't recognize a repeat, so a message that may have arrived is ``unknown``, and a person decides.
    """
    now = clock.now()
    body = json.dumps(document, ensure_ascii=False)
    answer = await post(http, url, {"content-type": "application/json"}, body, now)
    detail = _without(url, answer)
    if answer.kind == "delivered":
        return Outcome("delivered", f"{service} accepted it")
    if answer.status is None:
        kind: OutcomeKind = "unknown" if answer.kind == "unknown" else "retry"
        return Outcome(kind, f"{service} is unreachable: {detail}")
    if answer.status >= 500 or answer.status in _LATER:
        patience = (answer.retry_after - now).total_seconds() if answer.retry_after else None
        return Outcome("retry", f"{service} {detail}", patience)
    return Outcome("rejected", f"{service} {detail}")


class HookChannel(ABC):
    """A channel that posts one document per message. A message's recipient is a name in ``hooks``.

    ``title`` is the service's name in settings, ``service`` its full name.
    """

    name: str
    title: ClassVar[str]
    service: ClassVar[str]

    def __init__(self, http: HttpClient, clock: Clock, hooks: Hooks) -> None:
        self._http = http
        self._clock = clock
        self._hooks = dict(hooks)

    async def send(self, message: Outgoing) -> Outcome:
        """Post ``message`` once."""
        url = self._hooks.get(message.recipient)
        if url is None:
            setting = f"FIRSTWORD_{self.title.upper()}_HOOKS"
            return Outcome("rejected", f"No {self.title} address is set for {message.recipient!r} ({setting}).")
        return await post_document(self._http, self._clock, self.service, url, self.document(message))

    @abstractmethod
    def document(self, message: Outgoing) -> dict[str, Any]:
        """Return the message in the service's format."""


def _without(url: str, answer: PostResult) -> str:
    """Return the response for people, without the address and the secrets in it."""
    said = " ".join(f"{answer.detail} {answer.body}".split())
    secret = url.partition("//")[2].partition("/")[2]
    for part in (url, secret):
        said = said.replace(part, "…") if part else said
    return said[:DETAIL_LIMIT]
