"""Messages of one story or several: put before the manager, merged, taken apart and written anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from schemas.alerts import Alert
from schemas.base import content_id
from schemas.drafts import Draft, DraftCreated
from services.notifier.contact.plan import SendPlan
from services.notifier.drafting.compose import Refusal, compose
from services.notifier.drafting.facts import Brief, Told
from services.notifier.outreach.history import FollowUp, one_story, same_story
from services.notifier.outreach.merge import assemble, joins
from services.notifier.outreach.record import Bundle, Piece
from services.notifier.outreach.saying import Saying

__all__ = ["Messages"]


class Messages(Saying):
    """The messages that lie before the manager."""

    __slots__ = ()

    def _compose(
        self, alert: Alert, follow: FollowUp, plan: SendPlan, notes: Sequence[str], variant: str | None = None
    ) -> Piece | Refusal:
        """The story as a message of its own; ``variant`` gives it another id where the first is taken."""
        book = self._book()
        brief = Brief(alert, book.client, book.firm, book.manager, self.now, follow.earlier)
        composed = compose(brief, self.playbooks, send_after=plan.send_after, notes=notes, supersedes=follow.supersedes)
        if isinstance(composed, Refusal):
            return composed
        draft = composed.draft
        if variant is not None:
            draft = draft.model_copy(update={"id": content_id("drf", draft.id, "anew", variant)})
        return Piece(alert=alert, draft=draft, publisher=composed.publisher, words=composed.words)

    def _place(self, piece: Piece, follow: FollowUp, plan: SendPlan) -> None:
        """Put a story before the manager: in the place of its earlier draft, together with others, or alone."""
        before = [told.draft_id for told in self.record.told if same_story(piece.alert, told)]
        own = self.record.bundle(follow.supersedes) if follow.supersedes is not None else None
        self._close(before, "superseded")
        if own is not None:
            self._replace(own, piece, plan)
        elif follow.supersedes is not None or not self._merge(piece, plan):
            self._open([piece], plan, piece.draft)

    def _replace(self, own: Bundle, piece: Piece, plan: SendPlan) -> None:
        """Newer news on a story of a message that is not sent: the message is written anew, with its other stories."""
        self.record = self.record.without(own.draft_id)
        others = [one for one in own.pieces if not one_story(piece.alert, one.alert)]
        alike = piece.alert.verdict == own.verdict and piece.alert.urgency != "urgent"
        whole = self._assembled([*others, piece], plan.send_after) if others and alike else None
        if whole is None:
            self._open([piece], plan, piece.draft)
            self._again(others, own.draft_id, "Newer news on another of its stories is told by itself.")
            return
        because = "It is told anew, with the latest on one of its stories."
        draft = whole.model_copy(update={"supersedes": own.draft_id, "supersedes_because": because})
        self._open([*others, piece], plan, draft, own.opened_at)

    def _merge(self, piece: Piece, plan: SendPlan) -> bool:
        """Put the story into a message that still waits for the manager, if there is one that it fits."""
        for bundle in reversed(self.record.open):
            if not joins(bundle, piece.alert, self._must(), self.now):
                continue
            pieces = [*bundle.pieces, piece]
            send_after = max(plan.send_after, bundle.send_after)
            whole = self._assembled(pieces, send_after)
            if whole is None:
                continue
            because = f"It goes into one message with: {piece.draft.subject}"
            draft = whole.model_copy(update={"supersedes": bundle.draft_id, "supersedes_because": because})
            self.record = self.record.without(bundle.draft_id)
            self._close([bundle.draft_id], "merged")
            self._open(pieces, plan, draft, bundle.opened_at)
            told = "; ".join(one.draft.subject for one in bundle.pieces)
            detail = f"It came soon after, and goes into one message with: {told}"
            self._decide("merged", "same_time", detail, piece.alert, draft.id)
            return True
        return False

    def _assembled(self, pieces: Sequence[Piece], send_after: datetime) -> Draft | None:
        return assemble(pieces, self._must(), self.now, send_after)

    def _again(self, pieces: Sequence[Piece], instead_of: str, because: str) -> None:
        """Put stories before the manager again whose message had to go for the sake of another story in it."""
        if not pieces:
            return
        send_after = max(pieces[0].draft.send_after, self.now)
        whole = self._assembled(pieces, send_after)
        if whole is None:
            for piece in pieces:
                self._again([piece], instead_of, because)
            return
        renewed = {
            "id": content_id("drf", whole.id, "anew", instead_of),
            "supersedes": instead_of,
            "supersedes_because": because,
            "created_at": self.now,
            "send_after": send_after,
        }
        self._open(pieces, None, whole.model_copy(update=renewed))

    def _open(
        self, pieces: Sequence[Piece], plan: SendPlan | None, draft: Draft, opened_at: datetime | None = None
    ) -> None:
        """Say that a message lies before the manager, and remember it."""
        bundle = Bundle(
            draft_id=draft.id, pieces=tuple(pieces), send_after=draft.send_after, opened_at=opened_at or self.now
        )
        told = tuple(_told(piece, draft.id, self.now) for piece in pieces)
        self._change(open=(*self.record.open, bundle), told=(*self.record.told, *told))
        self._say(DraftCreated(draft=draft), "draft.created", draft.id)
        if plan is not None and plan.waits_for is not None:
            detail = " ".join(plan.notes)
            self._decide("waits", plan.waits_for, detail, pieces[-1].alert, draft.id, draft.send_after)

    def _close(self, draft_ids: Sequence[str], why: str, *, open_only: bool = True) -> None:
        """Remember that these drafts are not to be sent, and drop them from what lies open if they lie there."""
        closed = frozenset(draft_ids)
        self._change(
            told=tuple(
                told.model_copy(update={"dismissed": why})
                if told.draft_id in closed and (told.open or not open_only)
                else told
                for told in self.record.told
            )
        )


def _told(piece: Piece, draft_id: str, now: datetime) -> Told:
    alert = piece.alert
    return Told(
        draft_id=draft_id,
        alert_id=alert.id,
        story_id=alert.story_id,
        entity_id=alert.entity_id,
        revision=alert.revision,
        verdict=alert.verdict,
        item_ids=tuple(sorted({item.item_id for item in alert.evidence})),
        publisher=piece.publisher,
        words=piece.words,
        drafted_at=now,
    )
