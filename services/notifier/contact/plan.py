"""Decides when a message to a client may leave, or that none may, and says why in words for the account manager."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.clients import Client
from services.notifier.contact.blackouts import barring, end_of, silent_about
from services.notifier.contact.budget import free_from, sent_within_week
from services.notifier.contact.hours import client_zone, next_open

__all__ = ["UTC_ZONE", "SendPlan", "in_words", "plan_send", "zone_of"]

Urgency = Literal["low", "normal", "high", "urgent"]
WaitsFor = Literal["hours", "budget", "leave", "deal"]
UTC_ZONE = ZoneInfo("UTC")
#: Hours, budget and blackouts push a moment on in turn; each round moves it past at least one of them.
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class SendPlan:
    """When to send. ``refused`` is a reason code if nothing may be sent; then ``notes`` hold the sentence for it.

    ``waits_for`` is what keeps it longest; None where it may go at once. ``beyond_budget``: it is urgent, and goes
    although the week's messages are used up.
    """

    send_after: datetime
    notes: tuple[str, ...] = ()
    refused: Literal["do_not_contact", "no_contact_budget", "no_open_hours"] | None = None
    waits_for: WaitsFor | None = None
    beyond_budget: bool = False


def plan_send(
    client: Client,
    now: datetime,
    sent_history: Sequence[datetime],
    urgency: Urgency,
    deadline: datetime,
    about: Sequence[str] = (),
) -> SendPlan:
    """When a message to ``client`` may be sent at the earliest.

    Quiet hours, working days and blackouts are kept whatever the urgency; the weekly budget gives way to what is
    urgent, and the notes say so. ``sent_history``: when earlier messages were sent, and when approved ones will be.
    ``deadline``: when telling is worth little. ``about``: names and ids of what the message is about.
    """
    if client.contact.do_not_contact:
        reason = (client.contact.do_not_contact_reason or "the book gives no reason").rstrip(".")
        return SendPlan(now, (f"{client.name} is not to be contacted: {reason}.",), "do_not_contact")
    notes = list[str]()
    zone = _known_zone(client, notes)
    search = _Search(client, zone, sent_history, urgency == "urgent", tuple(about))
    found = search.first_from(now.astimezone(UTC), notes)
    if isinstance(found, SendPlan):
        return found
    if found > deadline:
        worth = in_words(deadline, zone)
        notes.append(
            f"It may be sent only from {in_words(found, zone)}, and is worth little after {worth}: "
            "consider a call, or dismiss it."
        )
    return SendPlan(found, tuple(notes), None, search.waits_for, search.beyond_budget)


@dataclass(slots=True)
class _Search:
    client: Client
    zone: ZoneInfo
    sent: Sequence[datetime]
    urgent: bool
    about: tuple[str, ...]
    waits_for: WaitsFor | None = None
    beyond_budget: bool = False

    def first_from(self, now: datetime, notes: list[str]) -> datetime | SendPlan:
        """The first moment that all agree on; a refusal where there is none. Each says in ``notes`` why it waits."""
        moment = now
        for _ in range(ROUNDS):
            before = moment
            budget = self._budget(moment, notes)
            if budget is None:
                return self._refused(now, notes, "no_contact_budget", "allows no messages in a week.")
            moment = self._blackouts(budget, notes)
            opening = next_open(self.client.contact, self.zone, moment)
            if opening is None:
                why = "leaves no hour for messages: check quiet hours and working days."
                return self._refused(now, notes, "no_open_hours", why)
            if opening > moment:
                self._say(notes, f"Waits for {self.client.name}'s hours: not before {in_words(opening, self.zone)}.")
                self.waits_for = self.waits_for or "hours"
                moment = opening
            if moment == before:
                return moment
        return self._refused(now, notes, "no_open_hours", "leaves no moment for messages: check its blackouts.")

    def _budget(self, moment: datetime, notes: list[str]) -> datetime | None:
        limit = self.client.contact.max_per_week
        free = free_from(self.sent, limit, moment)
        if free is not None and free <= moment:
            return moment
        used = len(sent_within_week(self.sent, moment))
        if self.urgent:
            self.beyond_budget = True
            name = self.client.name
            self._say(notes, f"Urgent: it goes beyond the weekly budget of {name} ({used} sent, {limit} allowed).")
            return moment
        if free is not None:
            when, name = in_words(free, self.zone), self.client.name
            self._say(
                notes, f"The weekly budget of {name} is used up ({max(used, limit)} of {limit}); free again on {when}."
            )
            self.waits_for = "budget"
        return free

    def _blackouts(self, moment: datetime, notes: list[str]) -> datetime:
        general = barring(self.client, self.zone, moment)
        deal = silent_about(self.client, self.zone, moment, self.about)
        running = max((one for one in (general, deal) if one is not None), key=lambda one: one.until, default=None)
        if running is None:
            return moment
        end = end_of(running, self.zone)
        what = f"Nothing on {', '.join(running.about)} goes" if running.about else "Nothing goes"
        reason = running.reason.rstrip(".")
        self._say(notes, f"{what} to {self.client.name} until {in_words(end, self.zone)}: {reason}.")
        self.waits_for = "deal" if running.about else "leave"
        return end

    def _say(self, notes: list[str], note: str) -> None:
        if note not in notes:
            notes.append(note)

    def _refused(
        self, now: datetime, notes: list[str], code: Literal["no_contact_budget", "no_open_hours"], why: str
    ) -> SendPlan:
        return SendPlan(now, (*notes, f"The contact policy of {self.client.name} {why}"), code)


def zone_of(client: Client) -> ZoneInfo:
    """The client's time zone; UTC where the book names one that is not known."""
    return client_zone(client) or UTC_ZONE


def _known_zone(client: Client, notes: list[str]) -> ZoneInfo:
    if client_zone(client) is None:
        notes.append(f"The time zone {client.time_zone!r} of {client.name} is not known; hours are reckoned in UTC.")
    return zone_of(client)


def in_words(moment: datetime, zone: ZoneInfo) -> str:
    """``Friday 6 March 12:00`` on the clocks of ``zone``."""
    local = moment.astimezone(zone)
    return f"{local:%A} {local.day} {local:%B} {local:%H:%M}"
