"""What is remembered of one client: what they were told and when, what lies before the manager, what waits. Pure.

The state of the drafting processor. New fields have defaults, so that what an older version wrote can be read.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from schemas.alerts import Alert
from schemas.base import Model, Utc
from schemas.drafts import Draft
from schemas.interactions import Feedback
from services.notifier.contact.budget import WEEK
from services.notifier.drafting.facts import Told

__all__ = ["KEEP", "Aside", "Bundle", "ClientRecord", "Opinion", "Piece", "Promise", "Retracted", "pruned"]

#: A story older than this is not told as an update any more. The matcher's own window is shorter (72 h).
KEEP = timedelta(days=30)
#: What was too small to tell is worth telling for so long, when contact is due.
SMALL_KEEP = timedelta(days=14)
SMALL_KEPT = 5
#: A message that nobody decided on is not merged or rewritten any more so long after its deadline; it stays listed.
OPEN_KEEP = timedelta(days=7)
FEEDBACK_KEPT = 200


class Piece(Model):
    """One story as a message of its own: what a merged message is put together from, and taken apart into."""

    alert: Alert
    draft: Draft
    publisher: str
    words: str


class Bundle(Model):
    """A message that lies before the account manager: one story, or several. ``touched``: edited, or approved."""

    draft_id: str
    pieces: tuple[Piece, ...]
    send_after: Utc
    opened_at: Utc
    touched: bool = False

    @property
    def verdict(self) -> str:
        """The verdict of all its stories; only like and like are merged."""
        return self.pieces[0].alert.verdict

    @property
    def deadline_at(self) -> datetime:
        """When the first of its stories is worth little."""
        return min(piece.alert.deadline_at for piece in self.pieces)


class Aside(Model):
    """An alert that may not be spoken of until ``until``; then it is looked at again."""

    alert: Alert
    until: Utc


class Retracted(Model):
    """A correction for which nothing was written, since its message had not gone out; should it, this is needed."""

    alert: Alert
    draft_ids: tuple[str, ...]


class Promise(Model):
    """Contact that is due: by a promise, or since there was none for long. ``since``: what counts as kept is later.

    ``owed``: the time to prepare it has come, and there was nothing worth saying; the next such thing is said.
    """

    due_at: Utc
    ready_at: Utc
    since: Utc
    owed: bool = False


class Opinion(Model):
    """What the account manager said of one draft, and about which watched thing it was."""

    draft_id: str
    entity_id: str
    feedback: Feedback
    at: Utc


class ClientRecord(Model):
    """What a client was told (30 days), when messages were sent to them (7 days), and what is still to come.

    ``small`` holds what was ignored as too small (14 days, the five most relevant). ``last_contact`` is the last
    message or conversation, ``known_since`` when the client was first heard of here. Alerts that were raised up to
    ``heard_until`` were answered before the house moved here (``firstword import``); they are not answered again.
    """

    client_id: str = ""
    told: tuple[Told, ...] = ()
    sent: tuple[Utc, ...] = ()
    open: tuple[Bundle, ...] = ()
    aside: tuple[Aside, ...] = ()
    small: tuple[Alert, ...] = ()
    retracted: tuple[Retracted, ...] = ()
    last_contact: Utc | None = None
    known_since: Utc | None = None
    promise: Promise | None = None
    silence: Promise | None = None
    feedback: tuple[Opinion, ...] = ()
    tunings: int = 0
    heard_until: Utc | None = None

    def bundle(self, draft_id: str) -> Bundle | None:
        """The message that lies before the manager under this id."""
        return next((one for one in self.open if one.draft_id == draft_id), None)

    def without(self, draft_id: str) -> ClientRecord:
        """The same without that message."""
        return self.model_copy(update={"open": tuple(one for one in self.open if one.draft_id != draft_id)})

    def with_small(self, alert: Alert) -> ClientRecord:
        """The same with ``alert`` among what was too small, if it is among the most relevant of that."""
        lean = alert.model_copy(update={"evidence": alert.evidence[:3]})
        kept = [one for one in self.small if one.story_id != alert.story_id]
        ranked = sorted((*kept, lean), key=lambda one: (-one.relevance, -one.raised_at.timestamp(), one.id))
        return self.model_copy(update={"small": tuple(ranked[:SMALL_KEPT])})


def pruned(record: ClientRecord, now: datetime) -> ClientRecord:
    """``record`` without what is too old to matter at ``now``."""
    return record.model_copy(
        update={
            "told": tuple(entry for entry in record.told if (entry.sent_at or entry.drafted_at) > now - KEEP),
            "sent": tuple(at for at in record.sent if at > now - WEEK),
            "open": tuple(one for one in record.open if one.deadline_at > now - OPEN_KEEP),
            "small": tuple(one for one in record.small if one.raised_at > now - SMALL_KEEP),
            "retracted": tuple(one for one in record.retracted if one.alert.raised_at > now - KEEP),
            "feedback": record.feedback[-FEEDBACK_KEPT:],
        }
    )
