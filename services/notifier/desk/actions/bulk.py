"""Carry out one action on many drafts. Each is a transaction of its own, so one refusal doesn't stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from schemas.drafts import DismissReason
from services.common.errors import BadInput, FirstwordError
from services.common.processing import AnyEvent
from services.notifier.desk import labels
from services.notifier.desk.actions import drafts, triage
from services.notifier.desk.actions.context import Acting, ActionContext

__all__ = ["MOST", "Act", "BulkWish", "Outcome", "Pick", "act_of", "preview_sending", "run"]

#: Drafts that one action may be carried out on.
MOST = 200
Act = Literal["approve", "dismiss", "snooze", "wake", "assign", "ask", "take"]


@dataclass(frozen=True, slots=True)
class Pick:
    """A draft in the version that the person saw."""

    draft_id: str
    version: int

    @classmethod
    def parse(cls, text: str) -> Pick:
        """Read ``id:version``.

        Raises:
            BadInput: it is something else.
        """
        draft_id, _, version = text.rpartition(":")
        if not draft_id or not version.isascii() or not version.isdigit() or len(version) > 9:
            raise BadInput("The selection can't be read.", fix="Reload the inbox and select the drafts again.")
        return cls(draft_id, int(version))


@dataclass(frozen=True, slots=True)
class BulkWish:
    """An action with its details: ``reason`` and ``comment`` of a dismissal, ``until`` of a snooze, ``to`` whom."""

    act: Act
    reason: str = ""
    comment: str = ""
    until: str = ""
    to: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An action on one draft: done, or refused with the reason in ``detail``."""

    pick: Pick
    subject: str
    client_name: str
    done: bool
    detail: str = ""
    leaves_at: datetime | None = None


class _Nowhere:
    """A publisher for a trial: nothing leaves it."""

    def publish(self, connection: Connection, events: Sequence[AnyEvent]) -> int:
        """Drop the events."""
        return len(events)


class _Trial(Exception):
    """Ends a transaction that was only tried."""


def run(acting: Acting, picks: Sequence[Pick], act: Callable[[ActionContext, Pick], str]) -> Sequence[Outcome]:
    """Carry out ``act`` on each draft, and return what was done and what was refused; ``act`` returns a remark.

    Raises:
        BadInput: nothing is selected, or too much.
    """
    _require_some(picks)
    outcomes = []
    for pick in picks:
        subject, client_name = pick.draft_id, ""
        try:
            with acting() as context:
                line = context.draft(pick.draft_id)
                subject, client_name = line.subject, line.client_name
                outcomes.append(Outcome(pick, subject, client_name, True, act(context, pick)))
        except FirstwordError as refused:
            outcomes.append(Outcome(pick, subject, client_name, False, _reason(refused)))
    return outcomes


def act_of(wish: BulkWish, zone: ZoneInfo) -> Callable[[ActionContext, Pick], str]:
    """Return the action on one draft; it returns a remark, with times in ``zone``."""

    def approve(action: ActionContext, pick: Pick) -> str:
        leaves_at = drafts.approve(action, pick.draft_id, pick.version)
        if leaves_at is None:
            return "It waits for a second person."
        return "It is on its way." if leaves_at <= action.now + action.undo else f"It goes out {at(action, leaves_at)}."

    def dismiss(action: ActionContext, pick: Pick) -> str:
        drafts.dismiss(action, pick.draft_id, pick.version, _dismiss_reason(wish.reason), wish.comment)
        return labels.sentence(labels.DISMISS_REASONS[wish.reason])

    def snooze(action: ActionContext, pick: Pick) -> str:
        return f"It comes back {at(action, triage.snooze(action, pick.draft_id, wish.until))}."

    def wake(action: ActionContext, pick: Pick) -> str:
        triage.wake(action, pick.draft_id)
        return ""

    def assign(action: ActionContext, pick: Pick) -> str:
        name = triage.assign(action, pick.draft_id, wish.to, wish.note, ask=wish.act == "ask")
        return f"{name} sees it in their inbox."

    def take(action: ActionContext, pick: Pick) -> str:
        triage.take(action, pick.draft_id)
        return ""

    def at(action: ActionContext, moment: datetime) -> str:
        return labels.moment(moment, zone, action.now)

    acts: dict[Act, Callable[[ActionContext, Pick], str]] = {
        "approve": approve,
        "dismiss": dismiss,
        "snooze": snooze,
        "wake": wake,
        "assign": assign,
        "ask": assign,
        "take": take,
    }
    return acts[wish.act]


def _dismiss_reason(text: str) -> DismissReason:
    for reason in get_args(DismissReason):
        if reason == text:
            known: DismissReason = reason
            return known
    raise BadInput("A dismissal needs a reason.", fix="Choose one; Firstword learns from it.")


def preview_sending(acting: Acting, picks: Sequence[Pick]) -> Sequence[Outcome]:
    """Return what would leave when, if all were approved in this order; nothing is changed.

    The approvals are tried in one transaction, because each uses up some of its client's week, and taken back.
    """
    _require_some(picks)
    outcomes: list[Outcome] = []
    try:
        with acting() as context:
            trial = replace(context, publisher=_Nowhere())
            for pick in picks:
                outcomes.append(_tried(trial, pick))
            raise _Trial
    except _Trial:
        return outcomes


def _tried(context: ActionContext, pick: Pick) -> Outcome:
    subject, client_name = pick.draft_id, ""
    try:
        line = context.draft(pick.draft_id)
        subject, client_name = line.subject, line.client_name
        leaves_at = drafts.approve(context, pick.draft_id, pick.version)
    except FirstwordError as refused:
        return Outcome(pick, subject, client_name, False, _reason(refused))
    return Outcome(pick, subject, client_name, True, "", leaves_at)


def _require_some(picks: Sequence[Pick]) -> None:
    if not picks:
        raise BadInput("No draft is selected.", fix="Select some in the inbox first.")
    if len(picks) > MOST:
        raise BadInput(f"{len(picks)} drafts are selected; {MOST} are possible at once.", fix="Select fewer.")


def _reason(refused: FirstwordError) -> str:
    message, fix = getattr(refused, "message", str(refused)), getattr(refused, "fix", None)
    return f"{message} {fix}" if fix else message
