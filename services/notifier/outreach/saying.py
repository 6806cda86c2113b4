"""What every step has at hand: the client's record, who they are, and the saying of what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from schemas.alerts import Alert
from schemas.base import Payload, content_id, event
from schemas.clients import Client, ClientChanged
from schemas.drafts import ContactDecided, DraftRefused
from services.common.processing import AnyEvent
from services.notifier.drafting.compose import Refusal, draft_id
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.record import ClientRecord

__all__ = ["Saying"]

SOURCE = "firstword/notifier"
What = Literal["waits", "merged", "dropped", "kept", "chosen", "nothing_to_say"]


@dataclass(slots=True)
class Saying:
    """Takes ``record`` on by one event at ``now``; ``events`` gathers what follows. ``known`` is None for strangers."""

    record: ClientRecord
    client_id: str
    known: ClientChanged | None
    playbooks: Playbooks
    now: datetime
    events: list[AnyEvent] = field(default_factory=list)

    def _refuse(self, alert: Alert, refusal: Refusal) -> None:
        refused = DraftRefused(
            alert_id=alert.id,
            client_id=alert.client_id,
            story_id=alert.story_id,
            reason=refusal.reason,
            detail=refusal.detail,
            withdraws=tuple(dict.fromkeys(refusal.withdraws)),
        )
        self._say(refused, "draft.refused", draft_id(alert.id))

    def _decide(
        self,
        what: What,
        reason: str,
        detail: str,
        alert: Alert | None = None,
        draft_id: str | None = None,
        until: datetime | None = None,
    ) -> None:
        decided = ContactDecided(
            client_id=self.client_id,
            what=what,
            reason=reason,
            detail=detail,
            alert_id=alert.id if alert is not None else None,
            draft_id=draft_id,
            until=until,
        )
        parts = (what, reason, decided.alert_id or "", draft_id or "", self.now.isoformat())
        self._say(decided, "contact.decided", self.client_id, *parts)

    def _say(self, data: Payload, *identity: str | int) -> None:
        id = content_id("evt", *identity)
        self.events.append(event(data, key=self.client_id, id=id, source=SOURCE, time=self.now))

    def _change(self, **values: object) -> None:
        self.record = self.record.model_copy(update=values)

    def _client(self) -> Client | None:
        return None if self.known is None else self.known.client

    def _must(self) -> Client:
        return self._book().client

    def _book(self) -> ClientChanged:
        """The client as the book has them; asked for only where there is one."""
        if self.known is None:
            raise RuntimeError(f"the book holds no client {self.client_id!r}")
        return self.known
