"""One client's life at the draft writer: alerts, decisions and time, as a runtime would deliver them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from schemas.alerts import Alert, AlertRaised, Reason
from schemas.base import Payload, event
from schemas.clients import Client, ClientChanged, ContactPolicy
from schemas.drafts import (
    ContactDecided,
    DismissReason,
    Draft,
    DraftApproved,
    DraftCreated,
    DraftDismissed,
    DraftRefused,
    DraftSent,
)
from services.common.processing import AnyEvent
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, a_watch, an_alert, an_item

__all__ = ["SHIPPED", "Life", "client_of"]

SHIPPED = Playbooks.shipped()


def client_of(**contact: Any) -> Client:
    """Return a client in UTC with three holdings who may be contacted around the clock, except for ``contact``."""
    policy = {"max_per_week": 9, "quiet_from": None, "quiet_until": None, "working_days": tuple(range(7)), **contact}
    watches = (a_watch(), a_watch(name="Corvane Pharma"), a_watch(name="Quillon Cloud"))
    return a_client("wealth", *watches, time_zone="UTC", contact=ContactPolicy.model_validate(policy))


class Life:
    """Drives a :class:`DraftWriter` for one client. Timers fire before each event, as in a runtime."""

    def __init__(self, client: Client | None = None, now: datetime = NOW, playbooks: Playbooks = SHIPPED) -> None:
        self.client = client or client_of()
        self.processor = DraftWriter(playbooks)
        self.now = now
        self.state = self.processor.initial(self.client.id)
        self.drafts: dict[str, Draft] = {}
        self.open: dict[str, Draft] = {}
        self.decided: list[ContactDecided] = []
        self.refused: list[DraftRefused] = []
        self.other: list[AnyEvent] = []
        self.book(self.client)

    def book(self, client: Client) -> None:
        """Change the client's entry in the book."""
        self.client = client
        changed = ClientChanged(client=client, firm=a_firm(), manager=a_manager())
        self.processor.update_reference(event(changed, key=client.id, id="evt_client", source="test", time=self.now))

    def wait(self, **span: float) -> None:
        """Let time pass. Every timer fires when it is due."""
        until = self.now + timedelta(**span)
        while (due := self.processor.next_tick(self.state)) is not None and due <= until:
            state, out = self.processor.tick(self.state, due)
            following = self.processor.next_tick(state)
            assert following is None or following > due, "a tick must move time on"
            self._take(state, out)
        self.now = until

    def tell(self, data: Payload) -> None:
        """Process one event, after the timers that are due before it."""
        self.wait()
        wrapped: AnyEvent = event(data, key=self.client.id, id="evt_x", source="test", time=self.now)
        state, out = self.processor.process(self.state, wrapped, self.now)
        self._take(state, out)

    def alert(self, number: int, name: str = "Halden Energy", **more: object) -> Alert:
        """Raise an alert on a new story about one of the holdings."""
        watch = next(watch for watch in self.client.assets if watch.name == name)
        fields: dict[str, object] = {
            "watch": watch,
            "story_id": f"itm_{number}",
            "urgency": "normal",
            "evidence": (an_item(name, number),),
            "headline": f"{name}: story {number}",
            "raised_at": self.now,
            "deadline_at": self.now + timedelta(hours=24),
        }
        alert = an_alert(self.client, **{**fields, **more})
        self.tell(AlertRaised(alert=alert))
        return alert

    def below_threshold(self, number: int, name: str = "Halden Energy", relevance: float = 0.3) -> Alert:
        """Raise an alert on a true story that is below the client's threshold."""
        reason = Reason(rule="low-relevance", saw="", concluded="ignore", text="Too small.")
        return self.alert(number, name, verdict="ignore", relevance=relevance, reasons=(reason,))

    def send(self, draft: Draft) -> None:
        """Send the draft to the client."""
        sent = DraftSent(
            draft_id=draft.id,
            alert_id=draft.alert_id,
            story_id=draft.story_id,
            client_id=self.client.id,
            channel="email",
            delivery_id=f"dlv_{draft.id}",
        )
        self.open.pop(draft.id, None)
        self.tell(sent)

    def approve(self, draft: Draft) -> None:
        """Approve the draft; it waits to be sent."""
        approved = DraftApproved(
            draft_id=draft.id, client_id=self.client.id, channel="email", subject="", body="", by="mara"
        )
        self.tell(approved)

    def dismiss(self, draft: Draft, reason: DismissReason = "not_useful") -> None:
        """Dismiss the draft."""
        self.open.pop(draft.id, None)
        self.tell(
            DraftDismissed(
                draft_id=draft.id, alert_id=draft.alert_id, client_id=self.client.id, reason=reason, by="mara"
            )
        )

    @property
    def only(self) -> Draft:
        """The only draft that waits for the manager."""
        (draft,) = self.open.values()
        return draft

    def decisions(self) -> list[tuple[str, str]]:
        """Return the contact decisions and their reasons."""
        return [(decided.what, decided.reason) for decided in self.decided]

    def _take(self, state: Any, out: Any) -> None:
        raw = self.processor.dump(state)
        self.state = self.processor.load(raw)
        assert self.state == state
        for written in out:
            match written.data:
                case DraftCreated() as created:
                    assert created.draft.id not in self.drafts, "two drafts have one id"
                    self.drafts[created.draft.id] = self.open[created.draft.id] = created.draft
                    self.open.pop(created.draft.supersedes or "", None)
                case DraftRefused() as refused:
                    self.refused.append(refused)
                    for gone in refused.withdraws:
                        self.open.pop(gone, None)
                case ContactDecided() as decided:
                    self.decided.append(decided)
                case _:
                    self.other.append(written)
        open_ids = {message.draft_id for message in self.state.open_messages}
        assert set(self.open) <= set(self.drafts)
        assert open_ids <= set(self.open), "every message that the writer holds open waits for the manager"
