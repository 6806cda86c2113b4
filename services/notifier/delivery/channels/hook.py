"""What chat services that take a JSON document by HTTP have in common: the post, and what its answer says."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from services.common.clock import Clock
from services.common.post import HttpClient, PostResult, post
from services.notifier.delivery.channels.base import Outcome, OutcomeKind, Outgoing

__all__ = ["HookChannel", "Hooks", "post_document"]

#: Names of people or groups, and the secret address at which each is reached.
Hooks = Mapping[str, str]
DETAIL_LIMIT = 200
#: The service is ill, or asks for patience; any other refusal is for good.
_LATER = frozenset({408, 425, 429})


async def post_document(http: HttpClient, clock: Clock, place: str, url: str, document: Mapping[str, Any]) -> Outcome:
    """Post ``document`` once. ``place`` is what people call the service; ``url`` is a secret, and is told to nobody.

    No such service knows a repeat as one: what may have arrived is ``unknown``, and a person must look.
    """
    now = clock.now()
    body = json.dumps(document, ensure_ascii=False)
    answer = await post(http, url, {"content-type": "application/json"}, body, now)
    detail = _without(url, answer)
    if answer.kind == "delivered":
        return Outcome("delivered", f"{place} took it")
    if answer.status is None:
        kind: OutcomeKind = "unknown" if answer.kind == "unknown" else "retry"
        return Outcome(kind, f"{place} can't be reached: {detail}")
    if answer.status >= 500 or answer.status in _LATER:
        patience = (answer.retry_after - now).total_seconds() if answer.retry_after else None
        return Outcome("retry", f"{place} {detail}", patience)
    return Outcome("rejected", f"{place} {detail}")


class HookChannel(ABC):
    """A channel that posts one document per message. A message's recipient is a name in ``hooks``.

    ``title`` is the name of the setting, ``place`` what people call the service.
    """

    name: str
    title: ClassVar[str]
    place: ClassVar[str]

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
        return await post_document(self._http, self._clock, self.place, url, self.document(message))

    @abstractmethod
    def document(self, message: Outgoing) -> dict[str, Any]:
        """The message as the service reads it."""


def _without(url: str, answer: PostResult) -> str:
    """What was answered, for people: the address and what is secret in it left out."""
    said = " ".join(f"{answer.detail} {answer.body}".split())
    secret = url.partition("//")[2].partition("/")[2]
    for part in (url, secret):
        said = said.replace(part, "…") if part else said
    return said[:DETAIL_LIMIT]
