"""An alert's way to a message, or to the reason why there is none yet, or none at all."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.alerts import Alert
from schemas.clients import Blackout
from schemas.drafts import DraftRefused
from services.notifier.contact.blackouts import barring, end_of, matters_of, silent_about
from services.notifier.contact.plan import SendPlan, in_words, plan_send, zone_of
from services.notifier.drafting.compose import Refusal
from services.notifier.drafting.facts import Told
from services.notifier.outreach.history import FollowUp, follow_up, one_story, same_story
from services.notifier.outreach.messages import Messages
from services.notifier.outreach.record import Aside, Bundle, Piece, Retracted

__all__ = ["Answering"]


class Answering(Messages):
    """Alerts, what was put aside of them, and what turned out false."""

    __slots__ = ()

    def answer(self, alert: Alert) -> None:
        """Say something of ``alert``, or say why not."""
        self._supplant(alert)
        if self.known is None:
            detail = f"The client book holds no client {alert.client_id!r}; they may have been removed."
            self._refuse(alert, Refusal("unknown_client", detail))
            return
        follow = follow_up(alert, self.record.told)
        if isinstance(follow, Refusal):
            self._refuse(alert, follow)
            if follow.reason == "withdrawn":
                self._withdraw(alert, follow.withdraws)
            return
        plan = self._plan(alert)
        if plan.refused is not None:
            self._refuse(alert, Refusal(plan.refused, " ".join(plan.notes)))
            return
        barred = self._barred(alert, plan)
        if barred is not None:
            self._put_aside(alert, barred)
            return
        piece = self._compose(alert, follow, plan, (*plan.notes, *follow.notes))
        if isinstance(piece, Refusal):
            self._refuse(alert, piece)
            return
        self._place(piece, follow, plan)

    def _plan(self, alert: Alert) -> SendPlan:
        about = self._matters(alert)
        return plan_send(self._must(), self.now, self.record.sent, alert.urgency, alert.deadline_at, about)

    def _matters(self, alert: Alert) -> tuple[str, ...]:
        """By which names a blackout may speak of what the alert is about."""
        return matters_of(self._must(), (alert.entity_id, alert.entity_name))

    def _barred(self, alert: Alert, plan: SendPlan) -> Blackout | None:
        """What keeps us from even drafting: a deal; or leave that outlasts the news, if that is not urgent."""
        client = self._must()
        zone = zone_of(client)
        deal = silent_about(client, zone, self.now, self._matters(alert))
        if deal is not None:
            return deal
        leave = barring(client, zone, self.now)
        lasting = alert.urgency == "urgent" or alert.verdict == "correct" or plan.send_after <= alert.deadline_at
        return None if lasting else leave

    def _put_aside(self, alert: Alert, barred: Blackout) -> None:
        client = self._must()
        until = end_of(barred, zone_of(client))
        self._change(aside=(*self.record.aside, Aside(alert=alert, until=until)))
        what = f"Nothing is said on {', '.join(barred.about)}" if barred.about else f"{client.name} is not written to"
        when = in_words(until, zone_of(client))
        detail = f"{what} until {when}: {barred.reason.rstrip('.')}. It is looked at again then."
        self._decide("waits", "deal" if barred.about else "leave", detail, alert, until=until)

    def release(self) -> None:
        """Look again at what was put aside: its time has come, or the book says otherwise by now."""
        due: list[Aside] = []
        later: list[Aside] = []
        for one in self.record.aside:
            (due if one.until <= self.now or not self._still_barred(one.alert) else later).append(one)
        self._change(aside=tuple(later))
        for one in due:
            if one.alert.deadline_at > self.now or one.alert.verdict == "correct":
                self.answer(one.alert)
                continue
            detail = f"{one.alert.entity_name}: it was put aside, and by now telling it is worth little."
            self._decide("dropped", "too_late", detail, one.alert)
            if one.alert.information_grade <= 2:
                self.record = self.record.with_small(one.alert)

    def _still_barred(self, alert: Alert) -> bool:
        client = self._client()
        if client is None:
            return False
        zone = zone_of(client)
        deal = silent_about(client, zone, self.now, self._matters(alert))
        return deal is not None or barring(client, zone, self.now) is not None

    def _supplant(self, alert: Alert) -> None:
        """What is put aside, or was too small, on the same story gives way to what is known now."""
        kept = []
        for one in self.record.aside:
            if one_story(alert, one.alert):
                detail = f"{alert.entity_name}: later news on the same story takes its place."
                self._decide("dropped", "superseded", detail, one.alert)
            else:
                kept.append(one)
        small = tuple(one for one in self.record.small if not one_story(alert, one))
        self._change(aside=tuple(kept), small=small)

    def _withdraw(self, alert: Alert, draft_ids: Sequence[str]) -> None:
        """A message that was not sent rests on news that is false; its other stories are told without it."""
        self._close(draft_ids, "withdrawn")
        self._change(retracted=(*self.record.retracted, Retracted(alert=alert, draft_ids=tuple(draft_ids))))
        for one in draft_ids:
            bundle = self.record.bundle(one)
            if bundle is not None:
                self.record = self.record.without(one)
                others = [piece for piece in bundle.pieces if not one_story(alert, piece.alert)]
                self._again(others, one, "Another story in it turned out false.")

    def _unsay(self, draft_id: str) -> None:
        """A message that was withdrawn has gone out all the same: now the client must hear that it is false."""
        due = [one for one in self.record.retracted if draft_id in one.draft_ids]
        self._change(retracted=tuple(one for one in self.record.retracted if one not in due))
        for one in due:
            self.answer(one.alert)

    def _already_out(self, told: Told) -> None:
        """A message went out just when another took its place: that one must not say the same again."""
        for bundle in self.record.open:
            for piece in bundle.pieces:
                if piece.alert.id == told.alert_id:
                    rest = [one for one in bundle.pieces if one is not piece]
                    self._drop_bundle(bundle, told.draft_id)
                    self._again(rest, bundle.draft_id, "Another story in it has been sent already.")
                    return
                if same_story(piece.alert, told):
                    self._rewrite(bundle, piece, told)
                    return

    def _drop_bundle(self, bundle: Bundle, sent: str) -> None:
        self.record = self.record.without(bundle.draft_id)
        self._close([bundle.draft_id], "superseded")
        piece = bundle.pieces[0]
        detail = f"The draft {sent} has gone out in the meantime and told the same."
        refused = DraftRefused(
            alert_id=piece.alert.id,
            client_id=self.client_id,
            story_id=piece.alert.story_id,
            reason="already_told",
            detail=detail,
            withdraws=(bundle.draft_id,),
        )
        self._say(refused, "draft.refused", bundle.draft_id)

    def _rewrite(self, bundle: Bundle, piece: Piece, told: Told) -> None:
        """The update that waits was written as if nothing had been sent; now it continues what was."""
        plan = self._plan(piece.alert) if self.known is not None else None
        if plan is None or plan.refused is not None:
            return
        sent = next(one for one in self.record.told if one.draft_id == told.draft_id and one.sent_at is not None)
        follow = FollowUp(sent, bundle.draft_id)
        anew = self._compose(piece.alert, follow, plan, plan.notes, told.draft_id)
        if isinstance(anew, Refusal):
            return
        self._close([bundle.draft_id], "superseded")
        self._replace(bundle, anew, plan)
