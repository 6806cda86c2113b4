"""Notes an account manager's feedback on a draft, and says so when it changes the client's thresholds."""

from __future__ import annotations

from schemas.interactions import Feedback
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.events import tuned
from services.notifier.outreach.record import ClientRecord, DraftFeedback
from services.notifier.outreach.tuning import Tuning, tune

__all__ = ["forget_feedback", "note_feedback"]


def note_feedback(record: ClientRecord, draft_id: str, entity_id: str, feedback: Feedback, context: Context) -> Result:
    """Note feedback on a draft's story about ``entity_id``; it replaces earlier feedback on the same."""
    before = tune(record.feedback, context.now)
    given = DraftFeedback(draft_id=draft_id, entity_id=entity_id, feedback=feedback, at=context.now)
    others = [other for other in record.feedback if (other.draft_id, other.entity_id) != (draft_id, entity_id)]
    return _tuned(record.model_copy(update={"feedback": (*others, given)}), before, context)


def forget_feedback(record: ClientRecord, draft_id: str, context: Context) -> Result:
    """Forget the feedback on a draft whose dismissal was undone."""
    before = tune(record.feedback, context.now)
    others = tuple(other for other in record.feedback if other.draft_id != draft_id)
    return _tuned(record.model_copy(update={"feedback": others}), before, context)


def _tuned(record: ClientRecord, before: Tuning, context: Context) -> Result:
    """Say so if the thresholds are no longer those of ``before``."""
    after = tune(record.feedback, context.now)
    if after == before:
        return record, ()
    record = record.model_copy(update={"tuning_revision": record.tuning_revision + 1})
    return record, (tuned(after, record.tuning_revision, context),)
