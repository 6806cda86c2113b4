"""News that the account manager decided not to tell a client again: one kind of event about one name."""

from __future__ import annotations

from schemas.alerts import Alert
from schemas.drafts import NewsStopped
from services.notifier.drafting.compose import Refusal
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.feedback import forget_feedback, note_feedback
from services.notifier.outreach.record import ClientRecord, StoppedNews

__all__ = ["note_stopped", "why_stopped"]


def note_stopped(record: ClientRecord, data: NewsStopped, context: Context) -> Result:
    """Note the decision, or that it was taken back. It counts as feedback on the name, too."""
    same = (data.entity_id, data.kind)
    others = tuple(news for news in record.stopped if (news.entity_id, news.kind) != same)
    feedback_id = f"never {data.entity_id} {data.kind}"
    if not data.stopped:
        return forget_feedback(record.model_copy(update={"stopped": others}), feedback_id, context)
    stopped = StoppedNews(entity_id=data.entity_id, kind=data.kind, reason=data.reason or "")
    record = record.model_copy(update={"stopped": (*others, stopped)})
    return note_feedback(record, feedback_id, data.entity_id, "not_useful", context)


def why_stopped(record: ClientRecord, alert: Alert) -> Refusal | None:
    """Return why ``alert`` is not told, if the client is not told such news; urgent news and corrections always are."""
    if alert.urgency == "urgent" or alert.verdict == "correct":
        return None
    for news in record.stopped:
        if (news.entity_id, news.kind) == (alert.entity_id, alert.kind):
            why = news.reason.rstrip(".")
            return Refusal("stopped", f"{alert.entity_name}: you decided not to tell such news to the client: {why}.")
    return None
