"""Decides when a message to a client may be sent, or that none may, and explains it to the account manager."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.clients import Blackout, Client
from services.notifier.contact.blackouts import blackout_end, general_blackout, topic_blackout
from services.notifier.contact.budget import next_free, sent_within_week
from services.notifier.contact.hours import client_zone, next_open

__all__ = ["UTC_ZONE", "SendPlan", "format_time", "plan_send", "zone_of"]

Urgency = Literal["low", "normal", "high", "urgent"]
WaitsFor = Literal["hours", "budget", "leave", "deal"]
UTC_ZONE = ZoneInfo("UTC")
#: Hours, budget and blackouts each move the time on in turn. Every round passes at least one of them.
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class SendPlan:
    """The earliest time to send. ``refused`` is a reason code if nothing may be sent; then ``notes`` explain it.

    ``waits_for`` is what delays the message longest; None if it may be sent at once. ``beyond_budget``: the message is
    sent although the week's messages are used up, because it is urgent or the account manager gave a reason.
    ``in_time``: it is sent before its deadline. ``sooner`` says what would make it sooner.
    ``may_override``: the account manager's reason would send it at once, which it never does during a blackout.
    """

    send_after: datetime
    notes: tuple[str, ...] = ()
    refused: Literal["do_not_contact", "no_contact_budget", "no_open_hours"] | None = None
    waits_for: WaitsFor | None = None
    beyond_budget: bool = False
    in_time: bool = True
    sooner: tuple[str, ...] = ()
    may_override: bool = True


def plan_send(
    client: Client,
    now: datetime,
    sent_history: Sequence[datetime],
    urgency: Urgency,
    deadline: datetime | None,
    about: Sequence[str] = (),
    *,
    exempt: bool = False,
    overriding: bool = False,
) -> SendPlan:
    """Return the earliest time at which a message to ``client`` may be sent.

    Quiet hours, working days and blackouts are kept whatever the urgency. Urgent messages may exceed the weekly budget;
    the notes then say so. ``sent_history``: when earlier messages were sent, and when approved ones will be.
    ``deadline``: when the message loses its use; None if it never does. ``about``: names and ids of what the message is
    about. ``exempt``: the budget does not apply, because the message corrects or continues what the client was told, or
    was granted a place.
    ``overriding``: the account manager gave a reason to send it outside hours and budget; blackouts hold all the same.
    """
    if client.contact.do_not_contact:
        reason = (client.contact.do_not_contact_reason or "the client book gives no reason").rstrip(".")
        said = (f"{client.name} must not be contacted: {reason}.",)
        return SendPlan(now, said, "do_not_contact", may_override=False)
    notes = list[str]()
    zone = _known_zone(client, notes)
    urgent = urgency == "urgent"
    search = _Search(client, zone, sent_history, urgent, tuple(about), exempt, overriding)
    earliest = search.first_from(now.astimezone(UTC), notes)
    if isinstance(earliest, SendPlan):
        return earliest
    in_time = deadline is None or earliest <= deadline
    if deadline is not None and not in_time:
        notes.append(
            f"The earliest it can be sent is {format_time(earliest, zone)}, after its deadline "
            f"({format_time(deadline, zone)}). Call, send it now with a reason, or drop it."
        )
    return SendPlan(
        earliest,
        tuple(notes),
        None,
        search.waits_for,
        search.beyond_budget,
        in_time,
        search.sooner(),
        search.may_override,
    )


@dataclass(slots=True)
class _Search:
    """The search for the earliest time that budget, blackouts and hours all allow."""

    client: Client
    zone: ZoneInfo
    sent: Sequence[datetime]
    urgent: bool
    about: tuple[str, ...]
    exempt: bool = False
    overriding: bool = False
    waits_for: WaitsFor | None = None
    beyond_budget: bool = False
    may_override: bool = True
    obstacles: set[Literal["hours", "budget"]] = field(default_factory=set)

    def first_from(self, now: datetime, notes: list[str]) -> datetime | SendPlan:
        """Return the earliest time from ``now`` on, or a refusal. Each reason for a delay is added to ``notes``."""
        moment = now
        if self._active_blackouts(now):
            self.may_override = False
        for _ in range(ROUNDS):
            before = moment
            budget = self._budget(moment, notes)
            if budget is None:
                return self._refused(now, notes, "no_contact_budget", "allows no messages.")
            moment = self._blackouts(budget, notes)
            opening = moment if self.overriding else next_open(self.client.contact, self.zone, moment)
            if opening is None:
                why = "leaves no time for messages. Check the quiet hours and working days."
                return self._refused(now, notes, "no_open_hours", why)
            if opening > moment:
                when = format_time(opening, self.zone)
                self._note(notes, f"It waits for {self.client.name}'s contact hours, until {when}.")
                self.waits_for = self.waits_for or "hours"
                self.obstacles.add("hours")
                moment = opening
            if moment == before:
                return moment
        why = "leaves no time for messages. Check the blackouts."
        return self._refused(now, notes, "no_open_hours", why)

    def _budget(self, moment: datetime, notes: list[str]) -> datetime | None:
        if self.exempt:
            return moment
        limit, name = self.client.contact.max_per_week, self.client.name
        free = next_free(self.sent, limit, moment)
        if free is not None and free <= moment:
            return moment
        used = len(sent_within_week(self.sent, moment))
        if self.urgent or self.overriding:
            self.beyond_budget = True
            because = "It is urgent" if self.urgent else "You gave a reason"
            self._note(notes, f"{because}, so it exceeds {name}'s weekly budget ({used} sent, {limit} allowed).")
            return moment
        if free is not None:
            when = format_time(free, self.zone)
            self._note(
                notes,
                f"{name}'s weekly budget is used up ({max(used, limit)} of {limit}). "
                f"The next message can be sent on {when}.",
            )
            self.waits_for = "budget"
            self.obstacles.add("budget")
        return free

    def _blackouts(self, moment: datetime, notes: list[str]) -> datetime:
        active = self._active_blackouts(moment)
        if not active:
            return moment
        longest = max(active, key=lambda blackout: blackout.until)
        end = blackout_end(longest, self.zone)
        what = f"Nothing about {', '.join(longest.about)} is sent" if longest.about else "Nothing is sent"
        when, reason = format_time(end, self.zone), longest.reason.rstrip(".")
        self._note(notes, f"{what} to {self.client.name} until {when}: {reason}.")
        self.waits_for = "deal" if longest.about else "leave"
        return end

    def _active_blackouts(self, moment: datetime) -> list[Blackout]:
        general = general_blackout(self.client, self.zone, moment)
        deal = topic_blackout(self.client, self.zone, moment, self.about)
        return [blackout for blackout in (general, deal) if blackout is not None]

    def sooner(self) -> tuple[str, ...]:
        """Say what would make the message leave sooner."""
        name = self.client.name
        if not self.may_override:
            return (f"Only a change of the blackout in the client book of {name} would make it sooner.",)
        ways = []
        if "hours" in self.obstacles:
            ways.append(f"Send now with a reason, outside {name}'s contact hours.")
        if "budget" in self.obstacles:
            ways.append(f"Send now with a reason, beyond {name}'s weekly budget, or take back a message that waits.")
        return tuple(ways)

    def _note(self, notes: list[str], note: str) -> None:
        if note not in notes:
            notes.append(note)

    def _refused(
        self, now: datetime, notes: list[str], code: Literal["no_contact_budget", "no_open_hours"], why: str
    ) -> SendPlan:
        said = (*notes, f"The contact policy of {self.client.name} {why}")
        return SendPlan(now, said, code, may_override=self.may_override)


def zone_of(client: Client) -> ZoneInfo:
    """Return the client's time zone; UTC if the book names one that does not exist."""
    return client_zone(client) or UTC_ZONE


def _known_zone(client: Client, notes: list[str]) -> ZoneInfo:
    if client_zone(client) is None:
        notes.append(
            f"The time zone {client.time_zone!r} of {client.name} does not exist, so UTC is used. "
            "Correct it in the client book."
        )
    return zone_of(client)


def format_time(moment: datetime, zone: ZoneInfo) -> str:
    """Return ``moment`` in ``zone`` as ``Friday 6 March 12:00``."""
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B} {local:%H:%M}"
