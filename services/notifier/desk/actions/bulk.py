"""Carry out one action on many drafts. Each is a transaction of its own, so one refusal doesn't stop the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from services.common.errors import BadInput, FirstwordError
from services.common.processing import AnyEvent
from services.notifier.desk.actions import drafts
from services.notifier.desk.actions.context import ActionContext

__all__ = ["MOST", "Outcome", "Pick", "preview_sending", "run"]

#: Drafts that one action may be carried out on.
MOST = 200
Acting = Callable[[], AbstractContextManager[ActionContext]]


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
