"""Setting up, changing and removing a second factor, and signing in with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from services.common.errors import BadInput
from services.notifier import audit
from services.notifier.desk import auth, second_factor, sessions, throttle
from services.notifier.desk.actions.context import ActionContext
from services.notifier.desk.actions.people import list_people
from services.notifier.desk.auth import Viewer
from services.notifier.desk.errors import Conflict, NotFound, TooManyAttempts
from services.notifier.roles import Role

__all__ = ["begin", "can_prove", "check_code", "confirm", "prove", "remove", "renew_codes", "require_for", "reset"]

WRONG = "This code is not valid now."
FIX = "Wait for the next one in your app, and check that its clock is right. Each code works once."


def check_code(engine: Engine, user_id: str, code: str, now: datetime, *, origin: str) -> str | None:
    """Use up a code of a user; return what it was, or None if it is wrong. Wrong ones are counted and audited.

    Raises:
        TooManyAttempts: too many were wrong. Not even a right one is looked at then: six digits can be guessed.
    """
    keys = (f"code {user_id}",)
    with engine.begin() as connection:
        throttle.lock(connection, keys)
        seconds = throttle.wait_of(connection, keys, now)
        kind = None if seconds else second_factor.accept(connection, user_id, code, now)
        if kind is not None:
            throttle.forget(connection, *keys)
            if kind != "code":
                audit.record(connection, now, user_id, "user.recovery_code_used", user_id, detail=origin)
        elif not seconds:
            throttle.count_failure(connection, keys, now)
            audit.record(connection, now, user_id, "signin.failed", "code", detail=f"a wrong code, {origin}")
    if seconds:
        raise TooManyAttempts(seconds)
    return kind


def can_prove(connection: Connection, viewer: Viewer) -> bool:
    """Return whether a code proves who the viewer is.

    It does only if the session began after the second factor was set up: who stole a session could set up their own.
    """
    confirmed = second_factor.confirmed_at(connection, viewer.user_id)
    return viewer.session is not None and confirmed is not None and viewer.session.created_at > confirmed


def prove(context: ActionContext) -> None:
    """Record that the viewer, whose code was checked, has proved who they are."""
    session = context.viewer.session
    if session is not None:
        sessions.record_proof(context.connection, session.id, context.now)
    context.audit("session.proved", context.viewer.user_id)


def begin(context: ActionContext) -> str:
    """Return a new secret for the viewer's app; it counts once a code of it was given.

    Raises:
        Conflict: there is a second factor already.
    """
    if second_factor.has_factor(context.connection, context.viewer.user_id):
        raise Conflict("You have a second factor already.", fix="Remove it first.")
    return second_factor.begin(context.connection, context.viewer.user_id, context.now)


def confirm(context: ActionContext, code: str) -> Sequence[str]:
    """Turn the second factor on and return recovery codes. All other sessions of the viewer end.

    Raises:
        BadInput: the code is not the present one of the secret.
    """
    user_id = context.viewer.user_id
    if not second_factor.confirm(context.connection, user_id, code, context.now):
        raise BadInput(WRONG, fix=FIX)
    auth.end_sessions(context.connection, user_id)
    context.audit("user.factor_added", user_id)
    return second_factor.new_recovery_codes(context.connection, user_id)


def renew_codes(context: ActionContext) -> Sequence[str]:
    """Return new recovery codes of the viewer, whose code was checked."""
    context.audit("user.recovery_codes_renewed", context.viewer.user_id)
    return second_factor.new_recovery_codes(context.connection, context.viewer.user_id)


def remove(context: ActionContext) -> None:
    """Remove the second factor of the viewer, whose code was checked."""
    second_factor.remove(context.connection, context.viewer.user_id)
    context.audit("user.factor_removed", context.viewer.user_id)


def reset(context: ActionContext, user_id: str) -> None:
    """Remove the second factor of somebody else who has lost it, and end their sessions.

    Raises:
        Conflict: it is the viewer's own: who finds their browser open, or steals its cookie, must not get rid of it.
        NotFound: there is no such user.
    """
    if user_id == context.viewer.user_id:
        raise Conflict(
            "You can't reset your own second factor.",
            fix="Remove it under 'Your settings' with a code or a recovery code. Without both, ask another owner, or "
            f"run 'firstword people reset-factor {user_id}' on the machine where Firstword runs.",
        )
    if user_id not in {person.user_id for person in list_people(context.connection)}:
        raise NotFound("There is no such user.")
    second_factor.remove(context.connection, user_id)
    auth.end_sessions(context.connection, user_id)
    throttle.forget(context.connection, f"code {user_id}")
    context.audit("user.factor_reset", user_id)


def require_for(context: ActionContext, roles: Sequence[Role]) -> None:
    """Ask everybody with one of these roles for a second factor, from their next click."""
    second_factor.require_for(context.connection, roles)
    context.audit("factor.required", "roles", detail=", ".join(roles) or "none")
