"""Withdraw drafts whose news turned out false before they were sent, and correct those that are sent anyway."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.alerts import Alert
from services.common.processing import AnyEvent
from services.notifier.outreach.context import Context, Result
from services.notifier.outreach.follow_up import continues_draft
from services.notifier.outreach.messages import reopen
from services.notifier.outreach.record import ClientRecord, PendingCorrection

__all__ = ["take_pending_corrections", "withdraw"]


def withdraw(record: ClientRecord, alert: Alert, draft_ids: Sequence[str], context: Context) -> Result:
    """Withdraw unsent drafts that rest on what ``alert`` corrects. Other stories of a message are reopened."""
    pending = PendingCorrection(alert=alert, draft_ids=tuple(draft_ids))
    record = record.with_dismissed(draft_ids, "withdrawn")
    record = record.model_copy(update={"pending_corrections": (*record.pending_corrections, pending)})
    events: tuple[AnyEvent, ...] = ()
    for draft_id in draft_ids:
        message = record.message(draft_id)
        if message is None:
            continue
        others = [story for story in message.stories if not continues_draft(alert, story)]
        because = "Another story in it turned out to be false."
        record, reopened = reopen(record.without_message(draft_id), others, draft_id, because, context)
        events = (*events, *reopened)
    return record, events


def take_pending_corrections(record: ClientRecord, draft_id: str) -> tuple[ClientRecord, tuple[Alert, ...]]:
    """Take out the corrections that are needed because the withdrawn draft ``draft_id`` was sent anyway."""
    needed = [pending for pending in record.pending_corrections if draft_id in pending.draft_ids]
    kept = tuple(pending for pending in record.pending_corrections if pending not in needed)
    return record.model_copy(update={"pending_corrections": kept}), tuple(pending.alert for pending in needed)
