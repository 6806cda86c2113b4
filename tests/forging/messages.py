"""Check what clients would read: no message states as a fact, confirms, or names as support what is forged."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from schemas.alerts import Evidence
from schemas.drafts import Draft, DraftSent
from services.notifier.drafting.claimed_support import CLAIMS_CONFIRMATION

__all__ = ["Messages", "sent"]

_STATES = frozenset(("tell", "information", "correct"))


class Messages:
    """The messages to the clients of a case, as if each were sent at once.

    ``untrue`` are the ids of forged items of channels that make nothing true, filled by whoever runs the case.
    """

    def __init__(self, untrue: Collection[str]) -> None:
        self._untrue = untrue
        self._shown: dict[str, Evidence] = {}
        self._warned: dict[str, list[frozenset[str]]] = {}

    def note(self, evidence: Collection[Evidence]) -> None:
        """Note the evidence of an alert."""
        self._shown.update({item.item_id: item for item in evidence})

    def problems(self, draft: Draft) -> Iterator[str]:
        """Yield what is wrong with ``draft``, in words; it counts as sent afterwards."""
        ids = frozenset(item_id for part in draft.parts if part.role == "news" for item_id in part.evidence)
        forged = ids & set(self._untrue)
        names = self._names(self._untrue) - self._names(self._shown.keys() - set(self._untrue))
        text = f"{draft.subject}\n{draft.body}"
        if draft.verdict in _STATES:
            for item_id in sorted(forged):
                yield f"a message tells {self._shown[item_id].publisher}: {draft.subject}"
            for name in sorted(names):
                if name in text and draft.verdict != "correct":  # which may say who reported it
                    yield f"a message to tell {draft.subject!r} names {name}"
            warned = self._warned.get(draft.client_id, [])
            if CLAIMS_CONFIRMATION.search(text) and all(earlier <= set(self._untrue) for earlier in warned):
                yield f"a message says that a forged report is confirmed: {draft.subject}"
        elif forged == ids and forged and not any(name in text for name in self._names(forged)):
            yield f"a message does not say who reports {draft.subject!r}"
        if draft.verdict == "warn":
            self._warned.setdefault(draft.client_id, []).append(ids)

    def _names(self, ids: Collection[str]) -> set[str]:
        return {self._shown[item_id].publisher for item_id in ids if item_id in self._shown}


def sent(draft: Draft) -> DraftSent:
    """Return that ``draft`` was sent."""
    return DraftSent(
        draft_id=draft.id,
        alert_id=draft.alert_id,
        story_id=draft.story_id,
        client_id=draft.client_id,
        channel="email",
        delivery_id=f"dlv_{draft.id}",
    )
