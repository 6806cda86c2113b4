"""One step in a client's life: an alert, a message that went out, a word from the manager, or time alone.

Everything that is decided here ends in an event: a draft, a refusal, or what the contact policy made of it.
"""

from __future__ import annotations

from schemas.alerts import Alert
from schemas.drafts import DraftDismissed, DraftSent
from schemas.interactions import ClientTuned, FeedbackGiven, InteractionLogged
from services.notifier.outreach.due import next_promise, next_silence, too_small
from services.notifier.outreach.history import as_correction, turned_out_false
from services.notifier.outreach.owing import Owing
from services.notifier.outreach.record import Opinion, Promise
from services.notifier.outreach.tuning import STEPS, tune

__all__ = ["Step"]


class Step(Owing):
    """What comes in, one method for each kind; :meth:`settle` ends every step."""

    __slots__ = ()

    def alert(self, alert: Alert) -> None:
        """A verdict was reached: draft it, merge it, put it aside or refuse it."""
        if alert.verdict in ("hold", "ignore"):
            if turned_out_false(alert, self.record.told):
                self.answer(as_correction(alert))
                return
            self._change(small=tuple(one for one in self.record.small if one.story_id != alert.story_id))
            if too_small(alert):
                self.record = self.record.with_small(alert)
                self._pay()
            return
        seen = {told.alert_id for told in self.record.told} | {one.alert.id for one in self.record.aside}
        if alert.id not in seen:  # else the very alert came again: it has its draft, or waits for it
            self.answer(alert)

    def sent(self, data: DraftSent) -> None:
        """A message reached the client; a second channel for the same draft is not a second message."""
        entries = [told for told in self.record.told if told.draft_id == data.draft_id]
        if any(told.sent_at is not None for told in entries):
            return
        late = [told for told in entries if told.dismissed in ("superseded", "merged")]
        self._change(
            told=tuple(
                told.model_copy(update={"sent_at": self.now, "dismissed": None}) if told in entries else told
                for told in self.record.told
            )
        )
        self.record = self.record.without(data.draft_id)
        self._contacted(self.now)
        self._unsay(data.draft_id)
        for told in late:
            self._already_out(told)

    def dismissed(self, data: DraftDismissed) -> None:
        """The manager decided not to send a message."""
        for told in self.record.told:
            if told.draft_id == data.draft_id and data.reason in STEPS:
                self._opinion(data.draft_id, told.entity_id, data.reason)
        self._close([data.draft_id], data.reason, open_only=False)
        self.record = self.record.without(data.draft_id)

    def touched(self, draft_id: str) -> None:
        """The manager changed or approved a message: it is theirs now, and nothing is merged into it."""
        self._change(
            open=tuple(
                one.model_copy(update={"touched": True}) if one.draft_id == draft_id else one
                for one in self.record.open
            )
        )

    def contact(self, data: InteractionLogged) -> None:
        """A conversation took place; what belongs to a message of ours was counted with it."""
        if data.draft_id is None and data.channel != "reply" and data.outcome != "no_answer":
            self._contacted(min(data.at, self.now))

    def feedback(self, data: FeedbackGiven) -> None:
        """The manager says what a message was worth."""
        self._opinion(data.draft_id, data.entity_id, data.feedback)

    def wake(self) -> None:
        """Time has come for something that waited."""
        self.release()
        for kind in ("promise", "silence"):
            due: Promise | None = getattr(self.record, kind)
            if due is not None and not due.owed and due.ready_at <= self.now and self._agreed(kind):
                self._prepare(due, promised=kind == "promise")
        promise = self.record.promise
        if promise is not None and promise.owed and promise.due_at <= self.now:
            self._roll(promise)

    def settle(self) -> None:
        """At the end of each step: look at what is due next, as the book has the client now."""
        record, client = self.record, self._client()
        if record.known_since is None:
            self._change(known_since=self.now)
        if client is None:
            self._change(promise=None, silence=None)
            return
        since = record.promise.since if record.promise else self.now
        if record.promise is None or not record.promise.owed:
            promise = next_promise(client, max(self.now, since), since)
            if promise is not None:
                promise = promise.model_copy(update={"ready_at": max(promise.ready_at, self.now)})
            if record.promise is None or promise is None or promise.due_at != record.promise.due_at:
                self._change(promise=promise)
        silence = next_silence(client, self.record, self.now)
        known = self.record.silence
        if silence is None or known is None or known.since != silence.since:
            self._change(silence=silence)

    def _opinion(self, draft_id: str, entity_id: str, feedback: str) -> None:
        before = tune(self.record.feedback, self.now)
        opinion = Opinion.model_validate(
            {"draft_id": draft_id, "entity_id": entity_id, "feedback": feedback, "at": self.now}
        )
        others = [one for one in self.record.feedback if (one.draft_id, one.entity_id) != (draft_id, entity_id)]
        self._change(feedback=(*others, opinion))
        after = tune(self.record.feedback, self.now)
        if after == before:
            return
        self._change(tunings=self.record.tunings + 1)
        tuned = ClientTuned(
            client_id=self.client_id,
            shift=after.shift,
            entities=after.entities,
            why=after.why,
            revision=self.record.tunings,
        )
        self._say(tuned, "client.tuned", self.client_id, self.record.tunings)
