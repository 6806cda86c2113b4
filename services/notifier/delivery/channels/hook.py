"""What chat services that take a JSON document by HTTP have in common: the post, and what its answer says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from firstword.kit.clock import Clock
from services.notifier.delivery.channels.base import Outcome, OutcomeKind
from services.notifier.webhooks.post import Answer, Http, post

__all__ = ["Hooks", "post_document"]

#: Names of people or groups, and the secret address at which each is reached.
Hooks = Mapping[str, str]
DETAIL_LIMIT = 200
#: The service is ill, or asks for patience; any other refusal is for good.
_LATER = frozenset({408, 425, 429})


async def post_document(http: Http, clock: Clock, place: str, url: str, document: Mapping[str, Any]) -> Outcome:
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


def _without(url: str, answer: Answer) -> str:
    """What was answered, for people: the address and what is secret in it left out."""
    said = " ".join(f"{answer.detail} {answer.body}".split())
    secret = url.partition("//")[2].partition("/")[2]
    for part in (url, secret):
        said = said.replace(part, "…") if part else said
    return said[:DETAIL_LIMIT]
