"""Calendar files for calls: when to call and what to say, for any calendar program (RFC 5545)."""

from __future__ import annotations

from datetime import datetime, timedelta

from icalendar import Alarm, Calendar, Event, vCalAddress, vText

from services.notifier.delivery.channels.base import Outgoing

__all__ = ["call_file", "half_hour"]

PRODUCT = "-//Firstword//Firstword//EN"


def call_file(
    message: Outgoing, start: datetime, now: datetime, *, minutes: int = 15, phone: str | None = None
) -> bytes:
    """Return an .ics file with one appointment for the account manager; it invites nobody.

    Its UID is the delivery's id, so that a second file moves the appointment instead of adding another.
    """
    calendar, event = Calendar(), Event()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event.add("uid", f"{message.delivery_id}@firstword.invalid")
    event.add("dtstamp", now)
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=minutes))
    event.add("summary", f"Call {message.recipient_name}: {message.subject}")
    event.add("description", message.body)
    event.add("transp", "OPAQUE")
    if phone:
        event.add("location", phone)
    if message.sender_email:
        organizer = vCalAddress(f"mailto:{message.sender_email}")
        organizer.params["cn"] = vText(message.sender_name)
        event.add("organizer", organizer)
    reminder = Alarm()
    reminder.add("action", "DISPLAY")
    reminder.add("description", f"Call {message.recipient_name}")
    reminder.add("trigger", timedelta(minutes=-10))
    event.add_component(reminder)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def half_hour(moment: datetime) -> datetime:
    """Return the next full or half hour that is at least ten minutes away."""
    later = moment + timedelta(minutes=10)
    past = timedelta(minutes=later.minute % 30, seconds=later.second, microseconds=later.microsecond)
    return later - past + timedelta(minutes=30) if past else later
