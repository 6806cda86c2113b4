"""What an account manager does: each is one transaction that writes the tables and publishes the events together.

Every change names the version of the draft that the person saw. A second click, another tab or a colleague is then
told what has happened in the meantime, and nothing happens twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, RowMapping, insert, select, update

from schemas.base import Payload, content_id, event
from schemas.clients import ClientChanged
from schemas.deliveries import Delivery, DeliveryChanged
from schemas.drafts import ContactDecided, DismissReason, DraftApproved, DraftDismissed, DraftEdited
from schemas.interactions import InteractionLogged
from services.common.db import upsert
from services.common.errors import BadInput, FirstwordError
from services.common.processing import AnyEvent, EventPublisher
from services.notifier import lifecycle, queries
from services.notifier.contact.blackouts import blackout_names
from services.notifier.contact.budget import WEEK
from services.notifier.contact.plan import SendPlan, plan_send
from services.notifier.delivery.outbox import lock_draft, sent_events
from services.notifier.delivery.routes import MAIL, Ways, targets
from services.notifier.desk import labels
from services.notifier.desk.auth import Viewer
from services.notifier.desk.checks import recheck
from services.notifier.lifecycle import IllegalTransition, ManagerCommand, StaleDraft, next_state
from services.notifier.queries import DraftLine
from services.notifier.scope import EVERYTHING
from services.notifier.tables import audit_log, deliveries, drafts

__all__ = ["Conflict", "Desk", "NotFound", "audit"]

SUBJECT_LIMIT, BODY_LIMIT, COMMENT_LIMIT = 200, 8_000, 1_000


class NotFound(FirstwordError):
    """There is no such thing, or not for this user; which of the two is not told."""


class Conflict(FirstwordError):
    """Somebody, perhaps the same person in another tab, was faster."""


def audit(
    connection: Connection,
    viewer: Viewer,
    now: datetime,
    action: str,
    subject: str,
    client_id: str | None = None,
    detail: str | None = None,
) -> None:
    """Note who read or changed what."""
    connection.execute(
        insert(audit_log).values(
            at=now, user_id=viewer.user_id, action=action, subject=subject, client_id=client_id, detail=detail
        )
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """The actions of one viewer at one moment, inside the caller's transaction.

    ``no_mail`` is None where anything can be sent from here, else what to do about it; ``ways`` says by what.
    """

    connection: Connection
    publisher: EventPublisher
    viewer: Viewer
    now: datetime
    no_mail: str | None = None
    ways: Ways = field(default_factory=lambda: MAIL)

    def edit(self, draft_id: str, version: int, subject: str, body: str) -> None:
        """Change the text; it is checked again, and what is found is kept with it."""
        subject, body = " ".join(subject.split()), body.replace("\r\n", "\n").strip()
        _within_limits("subject", subject, SUBJECT_LIMIT)
        _within_limits("message", body, BODY_LIMIT)
        line = self._seen(draft_id, version, "edit")
        if (subject, body) == (line.subject, line.body.strip()):
            return
        revision = line.revision + 1
        more = [one for one in line.draft.told_alerts if one != line.draft.alert_id]
        others = queries.alerts_by_id(self.connection, EVERYTHING, more)
        checks = recheck(line, others, self._client(line), subject, body, self.now)
        self._change(line, "edit", subject=subject, body=body, revision=revision, checks=checks, outcome=None)
        edited = DraftEdited(
            draft_id=draft_id,
            client_id=line.client_id,
            revision=revision,
            subject=subject,
            body=body,
            by=self.viewer.user_id,
        )
        self.publish(edited, line.client_id, "draft.edited", draft_id, revision)
        self._audit("draft.edited", draft_id, line.client_id)

    def approve(self, draft_id: str, version: int, *, at_once: bool = False) -> datetime:
        """Hand the draft to the outbox; returns when it goes out.

        That is decided anew, by what was sent and approved since it was written. ``at_once`` waits for nothing.
        """
        line = self._seen(draft_id, version, "approve")
        if self.no_mail is not None:
            raise BadInput("Mail isn't set up, so nothing is sent from here.", fix=self.no_mail)
        channel, recipient = _target(self._client(line), self.ways)
        plan = None if at_once else self._plan(line)
        leaves_at = self.now if plan is None else plan.send_after
        self._change(line, "approve", outcome=None)
        row = self._delivery_row(line, channel, recipient)
        upsert(self.connection, deliveries, [{**row, "status": "pending", "next_attempt_at": leaves_at}], ["id"])
        self._publish_approval(line, channel)
        self._publish_delivery(row["id"])
        if plan is not None and plan.waits_for is not None:
            self._waits(line, plan)
        beyond = ", beyond the weekly budget" if plan is not None and plan.beyond_budget else ""
        self._audit("draft.approved", draft_id, line.client_id, f"goes out {leaves_at.isoformat()}{beyond}")
        return leaves_at

    def take_back(self, draft_id: str, version: int) -> None:
        """Approved, not gone out yet, and better not sent: it returns to the inbox."""
        line = self._find(draft_id)
        command: ManagerCommand = "take_back_edited" if line.revision else "take_back"
        line = self._seen(draft_id, version, command)
        self._change(line, command)
        stopped = self.connection.execute(
            update(deliveries)
            .where(deliveries.c.draft_id == draft_id, deliveries.c.status == "pending")
            .values(status="failed", last_error="Taken back before it went out.", next_attempt_at=None)
            .values(changed_at=self.now)
            .returning(deliveries.c.id)
        ).scalars()
        for delivery_id in stopped.all():
            self._publish_delivery(delivery_id)
        self._audit("draft.taken_back", draft_id, line.client_id)

    def dismiss(self, draft_id: str, version: int, reason: DismissReason, comment: str = "") -> None:
        """Decide not to send it, and say why."""
        comment = comment.strip()[:COMMENT_LIMIT]
        line = self._seen(draft_id, version, "dismiss")
        self._change(line, "dismiss", outcome=": ".join(filter(None, (reason, comment))))
        dismissed = DraftDismissed(
            draft_id=draft_id,
            alert_id=line.draft.alert_id,
            client_id=line.client_id,
            reason=reason,
            comment=comment or None,
            by=self.viewer.user_id,
        )
        self.publish(dismissed, line.client_id, "draft.dismissed", draft_id)
        self._audit("draft.dismissed", draft_id, line.client_id, reason)

    def sent_by_hand(self, draft_id: str, version: int) -> None:
        """It was copied, and sent by the account manager's own means."""
        line = self._seen(draft_id, version, "mark_sent")
        book = self._client(line)
        recipient = (book.client.contact.email or book.client.name) if book is not None else line.client_id
        self._change(line, "mark_sent", outcome=None)
        row = self._delivery_row(line, "clipboard", recipient)
        upsert(self.connection, deliveries, [{**row, "status": "delivered", "next_attempt_at": None}], ["id"])
        self._publish_approval(line, "clipboard")
        self._publish_delivery(row["id"])
        self._sent(row["id"])
        self._audit("draft.sent_by_hand", draft_id, line.client_id)

    def arrived(self, delivery_id: str) -> None:
        """Of a delivery whose outcome nobody knew, a person says that the client has it."""
        row = self._take_delivery(delivery_id, ("unknown",), "delivered")
        # A draft that was dismissed or withdrawn in the meantime stays so; the client has the message all the same.
        which = drafts.c.id == row["draft_id"]
        lifecycle.change_where(self.connection, which, "confirm_arrival", "account manager", self.now, outcome=None)
        self._sent(delivery_id)
        self._audit("delivery.arrived", delivery_id, row["client_id"])

    def send_again(self, delivery_id: str) -> None:
        """Of a delivery that failed, or whose outcome nobody knew, a person says that it is to be sent (again)."""
        row = self._take_delivery(delivery_id, ("unknown", "failed"), "pending")
        try:
            lifecycle.change(self.connection, row["draft_id"], "send_again", "account manager", self.now, outcome=None)
        except IllegalTransition as illegal:
            state = self._find(row["draft_id"]).state
            raise Conflict(f"This message is {labels.STATE[state]} by now, so it isn't sent again.") from illegal
        self._audit("delivery.again", delivery_id, row["client_id"])

    def log_outcome(
        self,
        draft_id: str,
        outcome: Literal["replied", "acted", "disagreed", "no_answer", "other"],
        summary: str,
        opinion: str = "",
    ) -> None:
        """What came of a message that was sent, and what the client thinks of it."""
        line = self._find(draft_id)
        if line.state != "sent":
            raise Conflict("What came of it can be noted once it was sent.")
        summary = summary.strip()[:COMMENT_LIMIT]
        contact = InteractionLogged(
            interaction_id=content_id("int", draft_id, outcome, summary, *([opinion] if opinion else [])),
            client_id=line.client_id,
            manager_id=line.draft.manager_id,
            at=self.now,
            channel="reply",
            draft_id=draft_id,
            summary=summary,
            outcome=outcome,
            opinion=opinion.strip()[:COMMENT_LIMIT] or None,
        )
        self.publish(contact, line.client_id, "contact", contact.interaction_id)
        self._audit("outcome.logged", draft_id, line.client_id, outcome)

    def _plan(self, line: DraftLine) -> SendPlan:
        """When it may go, after all that was sent and approved by now."""
        book = self._client(line)
        if book is None:
            return SendPlan(max(self.now, line.send_after))
        others = queries.message_times(self.connection, EVERYTHING, line.client_id, self.now - WEEK)
        told = line.draft.told_alerts or (line.draft.alert_id,)
        alerts = queries.alerts_by_id(self.connection, EVERYTHING, told)
        about = blackout_names(book.client, (name for one in alerts for name in (one.entity_id, one.entity_name)))
        plan = plan_send(book.client, self.now, others, line.draft.urgency, line.deadline_at, about)
        if plan.refused is not None:
            raise BadInput(" ".join(plan.notes), fix="Change the client's contact policy, or send it by hand.")
        return plan

    def _waits(self, line: DraftLine, plan: SendPlan) -> None:
        decided = ContactDecided(
            client_id=line.client_id,
            what="waits",
            reason=plan.waits_for or "hours",
            detail=" ".join(plan.notes),
            alert_id=line.draft.alert_id or None,
            draft_id=line.id,
            until=plan.send_after,
        )
        self.publish(decided, line.client_id, "contact.decided", line.id, line.version)

    def _find(self, draft_id: str) -> DraftLine:
        line = queries.draft(self.connection, self.viewer.scope, draft_id)
        if line is None:
            raise NotFound("There is no such draft.")
        return line

    def _seen(self, draft_id: str, version: int, command: ManagerCommand) -> DraftLine:
        """Return the draft if it is still as the person saw it and allows ``command``; raise Conflict if not."""
        line = self._find(draft_id)
        try:
            next_state(line.state, command, "account manager")
        except IllegalTransition as illegal:
            raise self._conflict(line) from illegal
        if line.version != version:
            raise self._conflict(line)
        return line

    def _change(self, line: DraftLine, command: ManagerCommand, **values: object) -> None:
        """Apply ``command`` to the draft as it was read; raise Conflict if somebody was faster."""
        try:
            lifecycle.change(
                self.connection, line.id, command, "account manager", self.now, version=line.version, **values
            )
        except (IllegalTransition, StaleDraft) as refused:
            raise self._conflict(self._find(line.id)) from refused

    def _conflict(self, line: DraftLine) -> Conflict:
        when = labels.moment(line.changed_at, labels.zone(self.viewer.time_zone), self.now)
        return Conflict(
            f"This draft has changed since you opened it: it is {labels.STATE[line.state]} ({when}).",
            fix="Nothing was done a second time. Look at it as it stands now.",
        )

    def _take_delivery(self, delivery_id: str, states: tuple[str, ...], to: str) -> RowMapping:
        if queries.delivery(self.connection, self.viewer.scope, delivery_id) is None:
            raise NotFound("There is no such delivery.")
        lock_draft(self.connection, delivery_id)
        taken = self.connection.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id, deliveries.c.status.in_(states))
            .values(status=to, last_error=None, changed_at=self.now)
            .values(next_attempt_at=self.now if to == "pending" else None)
        )
        if taken.rowcount != 1:
            raise Conflict("Somebody has decided about this delivery already.", fix="Nothing was done twice.")
        self._publish_delivery(delivery_id)
        return self.connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()

    def _client(self, line: DraftLine) -> ClientChanged | None:
        return queries.client(self.connection, EVERYTHING, line.client_id)

    def _delivery_row(self, line: DraftLine, channel: str, recipient: str) -> dict[str, object]:
        return {
            "id": content_id("dlv", line.id, channel, recipient),
            "draft_id": line.id,
            "client_id": line.client_id,
            "channel": channel,
            "recipient": recipient,
            "last_error": None,
            "subject": line.subject,
            "body": line.body,
            "approved_by": self.viewer.user_id,
            "created_at": self.now,
            "changed_at": self.now,
        }

    def _publish_approval(self, line: DraftLine, channel: str) -> None:
        approved = DraftApproved(
            draft_id=line.id,
            client_id=line.client_id,
            channel=channel,
            subject=line.subject,
            body=line.body,
            by=self.viewer.user_id,
        )
        self.publish(approved, line.client_id, "draft.approved", line.id, line.version)

    def _publish_delivery(self, delivery_id: object) -> None:
        row = self.connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()
        fields = {name: row[name] for name in Delivery.model_fields}
        changed = DeliveryChanged(delivery=Delivery.model_validate(fields))
        moment = self.now.isoformat()
        self.publish(changed, row["client_id"], "delivery", row["id"], row["status"], row["attempts"], moment)

    def _sent(self, delivery_id: object) -> None:
        row = self.connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).mappings().one()
        self.publisher.publish(self.connection, sent_events(self.connection, row, self.now))

    def publish(self, data: Payload, client_id: str, *identity: str | int) -> None:
        """Publish ``data`` in this transaction, under an id made of ``identity``."""
        made: AnyEvent = event(
            data, key=client_id, id=content_id("evt", *identity), source="firstword/desk", time=self.now
        )
        self.publisher.publish(self.connection, [made])

    def _audit(self, action: str, subject: str, client_id: str, detail: str | None = None) -> None:
        audit(self.connection, self.viewer, self.now, action, subject, client_id, detail)


def _target(book: ClientChanged | None, ways: Ways) -> tuple[str, str]:
    if book is None:
        raise BadInput("The client is no longer in the book, so this can't be sent.")
    contact = book.client.contact
    if contact.do_not_contact:
        why = f": {contact.do_not_contact_reason}" if contact.do_not_contact_reason else ""
        raise BadInput(f"{book.client.name} is not to be contacted{why}.")
    found = targets(book.client, ways)
    if not found:
        raise BadInput(
            f"There is no mail address for {book.client.name}.",
            fix="Add contact.email to the client book, or copy the message and send it yourself.",
        )
    return found[0]


def _within_limits(what: str, text: str, limit: int) -> None:
    if not text:
        raise BadInput(f"The {what} is empty.")
    if len(text) > limit:
        raise BadInput(f"The {what} has {len(text):,} characters; at most {limit:,} are kept.")
