"""The life of a draft: its states, the commands that change them, who may give each, and the only writer of them.

Everything that changes a draft's state goes through :func:`change` or :func:`change_where`. A draft that nobody decided
on expires at its deadline (:mod:`services.notifier.expiry`), except a correction: what was told and is false is put
right late rather than never.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, select, update

from schemas.drafts import Draft, DraftState
from services.common.db import upsert
from services.common.errors import FirstwordError
from services.notifier.tables import drafts

__all__ = [
    "DECIDABLE",
    "TERMINAL",
    "TRANSITIONS",
    "Actor",
    "Command",
    "DeliveryCommand",
    "IllegalTransition",
    "ManagerCommand",
    "PipelineCommand",
    "StaleDraft",
    "TimeCommand",
    "Transition",
    "change",
    "change_where",
    "create",
    "markdown_table",
    "next_state",
]

Actor = Literal["account manager", "delivery", "pipeline", "time"]
ManagerCommand = Literal[
    "edit",
    "ask_second",
    "approve",
    "take_back",
    "take_back_edited",
    "dismiss",
    "mark_sent",
    "confirm_arrival",
    "send_again",
    "reopen",
    "reopen_edited",
    "unmark_sent",
    "unmark_sent_edited",
]
DeliveryCommand = Literal["start_sending", "delivered", "retry", "failed", "outcome_unknown", "bounced", "fall_back"]
#: Commands that the pipeline derives from events. A ``record_*`` repeats a decision that the desk or the delivery
#: worker has written already; it only has an effect where the tables are rebuilt.
PipelineCommand = Literal[
    "record_edit",
    "record_approval",
    "record_sent",
    "record_dismissal",
    "record_expiry",
    "record_reopening",
    "record_reopening_edited",
    "withdraw",
]
TimeCommand = Literal["expire"]
Command = ManagerCommand | DeliveryCommand | PipelineCommand | TimeCommand


@dataclass(frozen=True, slots=True)
class Transition:
    """A command's effect: the states in which it is legal, the state it leads to, and who may give it."""

    sources: tuple[DraftState, ...]
    target: DraftState
    actor: Actor


#: States in which a draft waits for its account manager's decision: the inbox.
DECIDABLE: tuple[DraftState, ...] = ("open", "edited", "second", "failed")
#: A new draft is ``open``.
INITIAL: DraftState = "open"

TRANSITIONS: Mapping[Command, Transition] = {
    "edit": Transition(DECIDABLE, "edited", "account manager"),
    "ask_second": Transition(("open", "edited", "failed"), "second", "account manager"),
    "approve": Transition(DECIDABLE, "approved", "account manager"),
    "take_back": Transition(("approved",), "open", "account manager"),
    "take_back_edited": Transition(("approved",), "edited", "account manager"),
    "dismiss": Transition((*DECIDABLE, "expired"), "dismissed", "account manager"),
    "mark_sent": Transition((*DECIDABLE, "expired"), "sent", "account manager"),
    "confirm_arrival": Transition(
        ("unknown", "open", "edited", "approved", "sending", "failed"), "sent", "account manager"
    ),
    "send_again": Transition(("failed", "unknown"), "approved", "account manager"),
    "reopen": Transition(("dismissed", "expired"), "open", "account manager"),
    "reopen_edited": Transition(("dismissed", "expired"), "edited", "account manager"),
    "unmark_sent": Transition(("sent",), "open", "account manager"),
    "unmark_sent_edited": Transition(("sent",), "edited", "account manager"),
    "start_sending": Transition(("approved",), "sending", "delivery"),
    "delivered": Transition(("sending",), "sent", "delivery"),
    "retry": Transition(("sending",), "approved", "delivery"),
    "failed": Transition(("sending",), "failed", "delivery"),
    "outcome_unknown": Transition(("sending",), "unknown", "delivery"),
    "bounced": Transition(("sent", "unknown"), "failed", "delivery"),
    "fall_back": Transition(("failed",), "approved", "delivery"),
    "record_edit": Transition(("open", "edited"), "edited", "pipeline"),
    "record_approval": Transition(("open", "edited"), "approved", "pipeline"),
    "record_sent": Transition(
        ("open", "edited", "approved", "sending", "unknown", "failed", "expired"), "sent", "pipeline"
    ),
    "record_dismissal": Transition((*DECIDABLE, "expired"), "dismissed", "pipeline"),
    "record_expiry": Transition(DECIDABLE, "expired", "pipeline"),
    "record_reopening": Transition(("dismissed", "expired"), "open", "pipeline"),
    "record_reopening_edited": Transition(("dismissed", "expired"), "edited", "pipeline"),
    "withdraw": Transition((*DECIDABLE, "approved", "expired"), "withdrawn", "pipeline"),
    "expire": Transition(DECIDABLE, "expired", "time"),
}
#: States that no command leaves.
TERMINAL: frozenset[DraftState] = frozenset(
    transition.target
    for transition in TRANSITIONS.values()
    if not any(transition.target in other.sources for other in TRANSITIONS.values())
)

_CANNOT: Mapping[Command, str] = {
    "edit": "be edited",
    "ask_second": "be passed to a second person",
    "approve": "be approved",
    "take_back": "be taken back",
    "take_back_edited": "be taken back",
    "dismiss": "be dismissed",
    "mark_sent": "be marked as sent",
    "confirm_arrival": "be marked as received",
    "send_again": "be sent again",
    "reopen": "be reopened",
    "reopen_edited": "be reopened",
    "unmark_sent": "be unmarked",
    "unmark_sent_edited": "be unmarked",
}


class IllegalTransition(FirstwordError):
    """A command that a draft's state, or who gave it, does not allow."""


class StaleDraft(FirstwordError):
    """A command on a version of a draft that is no longer the current one."""


def next_state(state: DraftState, command: Command, actor: Actor) -> DraftState:
    """Return the state that ``command`` leads to.

    Raises:
        IllegalTransition: the command is not legal in ``state``, or not for ``actor``.
    """
    transition = TRANSITIONS[command]
    if actor != transition.actor:
        raise IllegalTransition(f"Only the {transition.actor} may give the command {command!r}, not the {actor}.")
    if state not in transition.sources:
        action = _CANNOT.get(command, f"take the command {command!r}")
        raise IllegalTransition(f"A draft that is {state!r} can't {action}.")
    return transition.target


def create(connection: Connection, draft: Draft, now: datetime) -> None:
    """Add ``draft``; one that is already there stays as it is."""
    row = {
        **draft.model_dump(include={"id", "alert_id", "story_id", "client_id", "verdict", "urgency"}),
        **draft.model_dump(include={"subject", "body", "created_at", "send_after", "deadline_at"}),
        "state": INITIAL,
        "revision": 0,
        "version": 0,
        "payload": draft.model_dump(mode="json", exclude_none=True),
        "changed_at": now,
    }
    upsert(connection, drafts, [row], ["id"], update=())


def change(
    connection: Connection,
    draft_id: str,
    command: Command,
    actor: Actor,
    now: datetime,
    *,
    version: int | None = None,
    **values: Any,
) -> DraftState:
    """Apply ``command`` to one draft, write ``values`` with it, and return its new state.

    ``version`` is the one that the person saw; None skips that check.

    Raises:
        IllegalTransition: the command is not legal in the draft's state, or not for ``actor``.
        StaleDraft: the draft has changed since ``version``.
    """
    which = drafts.c.id == draft_id
    seen = which if version is None else which & (drafts.c.version == version)
    if not change_where(connection, seen, command, actor, now, **values):
        state = connection.execute(select(drafts.c.state).where(which)).scalar_one()
        next_state(state, command, actor)
        raise StaleDraft(f"Draft {draft_id!r} has changed since version {version}.")
    return TRANSITIONS[command].target


def change_where(
    connection: Connection,
    which: ColumnElement[bool],
    command: Command,
    actor: Actor,
    now: datetime,
    **values: Any,
) -> Sequence[str]:
    """Apply ``command`` to those of the drafts ``which`` selects that allow it, and return their ids.

    A command that comes late or twice finds nothing left to do.
    """
    transition = TRANSITIONS[command]
    next_state(transition.sources[0], command, actor)
    statement = (
        update(drafts)
        .where(which, drafts.c.state.in_(transition.sources))
        .values(state=transition.target, changed_at=now, version=drafts.c.version + 1, **values)
        .returning(drafts.c.id)
    )
    return connection.execute(statement).scalars().all()


def markdown_table(transitions: Mapping[Command, Transition] = TRANSITIONS) -> str:
    """Return the table of transitions as ``docs`` shows it."""

    def cell(states: Collection[DraftState]) -> str:
        return ", ".join(states)

    rows = [
        f"| {transition.actor} | `{command}` | {cell(transition.sources)} | {transition.target} |"
        for command, transition in transitions.items()
    ]
    return "\n".join(["| who | command | in state | leads to |", "|---|---|---|---|", *rows])
