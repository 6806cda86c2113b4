"""Contact that is due though no news calls for it: kept already, or answered with the best that was held back."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.notifier.contact.blackouts import barring
from services.notifier.contact.budget import WEEK
from services.notifier.contact.plan import in_words, zone_of
from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.answering import Answering
from services.notifier.outreach.due import best_of, next_promise, why_due
from services.notifier.outreach.history import follow_up
from services.notifier.outreach.record import Promise

__all__ = ["Owing"]

#: A contact that is due and was answered with a draft, or can't be had now, is looked at again after so long.
REMIND = timedelta(days=7)


class Owing(Answering):
    """What we owe a client."""

    __slots__ = ()

    def _prepare(self, due: Promise, *, promised: bool) -> None:
        """Contact is due soon: is it kept already, is there something worth saying, or is there nothing?"""
        client = self._client()
        if client is None:
            return
        zone, why = zone_of(client), why_due(client, promised=promised)
        when = in_words(due.due_at, zone)
        ready = (one for one in self.record.open if one.send_after <= due.due_at and one.deadline_at > self.now)
        waiting = next(ready, None)
        leave = barring(client, zone, due.due_at)
        if self.record.last_contact is not None and self.record.last_contact > due.since:
            self._decide("kept", "in_touch", f"{why} They have heard from us since.", until=due.due_at)
        elif client.contact.do_not_contact or leave is not None:
            reason = leave.reason if leave is not None else client.contact.do_not_contact_reason or "do not contact"
            self._decide("dropped", "not_now", f"{why} It is left out: {reason.rstrip('.')}.", until=due.due_at)
        elif waiting is not None:
            detail = f"{why} The draft that waits in the inbox keeps it, if it is sent by {when}."
            self._decide("kept", "draft_waits", detail, draft_id=waiting.draft_id, until=due.due_at)
        elif not self._choose(due, why):
            detail = f"{why} It is due {when}, and nothing that is worth saying was found: a call of your own may do."
            self._decide("nothing_to_say", "nothing_found", detail, until=due.due_at)
            self._change(**{"promise" if promised else "silence": due.model_copy(update={"owed": True})})
            return
        self._roll(due) if promised else self._remind(due)

    def _agreed(self, kind: str) -> bool:
        """Whether the book still asks for it; what it no longer asks for is forgotten at the end of the step."""
        policy = self._must().contact if self.known is not None else None
        if policy is None:
            return False
        return (policy.cadence if kind == "promise" else policy.max_silence_days) is not None

    def _pay(self) -> None:
        """Something small came, and contact is owed: it is the thing worth saying."""
        for kind in ("promise", "silence"):
            due: Promise | None = getattr(self.record, kind)
            client = self._client()
            if due is None or not due.owed or client is None or not self._agreed(kind):
                continue
            if self._choose(due, why_due(client, promised=kind == "promise")):
                self._roll(due) if kind == "promise" else self._remind(due)

    def _choose(self, due: Promise, why: str) -> bool:
        """Draft the best of what was held back as too small; whether there was any."""
        passed = {told.story_id for told in self.record.told}
        while (small := best_of(self.record.small, passed)) is not None:
            passed.add(small.story_id)
            deadline = max(due.due_at, self.now + timedelta(days=1))
            lifted = small.model_copy(update={"verdict": "tell", "urgency": "low", "deadline_at": deadline})
            follow = follow_up(lifted, self.record.told)
            plan = self._plan(lifted)
            if isinstance(follow, Refusal) or plan.refused is not None or self._barred(lifted, plan) is not None:
                continue
            notes = (why, "It was held back as too small to be told by itself.", *plan.notes)
            piece = self._compose(lifted, follow, plan, notes)
            if isinstance(piece, Refusal):
                continue
            draft = piece.draft.model_copy(update={"purpose": "contact_due"})
            self._change(small=tuple(one for one in self.record.small if one.id != small.id))
            self._open([piece.model_copy(update={"draft": draft})], plan, draft)
            detail = f"{why} This is the best of what was held back as too small."
            self._decide("chosen", "contact_due", detail, small, draft.id, due.due_at)
            return True
        return False

    def _roll(self, done: Promise) -> None:
        client = self._client()
        following = None if client is None else next_promise(client, max(done.due_at, self.now), done.due_at)
        self._change(promise=following)

    def _remind(self, done: Promise) -> None:
        later = self.now + REMIND
        self._change(silence=Promise(due_at=later, ready_at=later, since=done.since))

    def _contacted(self, at: datetime) -> None:
        recent = tuple(sorted({*(one for one in self.record.sent if one > self.now - WEEK), at}))
        last = at if self.record.last_contact is None else max(at, self.record.last_contact)
        self._change(sent=recent, last_contact=last)
        promise = self.record.promise
        if promise is not None and promise.owed:
            self._roll(promise)
