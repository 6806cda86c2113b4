"""Set up inlets: the channel, its grade, and the tokens of the programs that put items into it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from firstword.source_grades import SourceGrades
from firstword.store import Store
from schemas.feeds import Feed
from schemas.mentions import SourceGrade, SourceKind, SourceLetter
from services.common.db import reading
from services.common.errors import BadInput
from services.ingest.fetch.imap import MailboxPlace
from services.ingest.identity.inlet_addresses import inlet_domain, is_inlet_url
from services.ingest.inlets.lines import BadItem
from services.ingest.inlets.pushed import PushedBatch
from services.ingest.repository import FeedState
from services.ingest.service import IngestService
from services.notifier.desk import tokens
from services.notifier.desk.tokens import ApiToken

__all__ = ["Inlet", "Inlets", "Taken"]

#: The grade of an inlet whose owner has not set one, and the reason.
UNGRADED: SourceLetter = "F"
_NO_GROUND = "Nobody has graded this inlet yet."
_ANYBODY_WRITES = "Anybody can write to a mailbox; what comes from a verified sender counts as the sender's."


@dataclass(frozen=True, slots=True)
class Inlet:
    """An inlet as it is listed: its state, its grade as it was set, and its tokens."""

    state: FeedState
    grade: SourceGrade
    tokens: Sequence[ApiToken]


@dataclass(frozen=True, slots=True)
class Taken:
    """The numbers of items of a file that were new, revised, unchanged, and copies of others."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0
    copy: int = 0


class Inlets:
    """The inlets of an installation, for its owner."""

    def __init__(self, store: Store, ingest: IngestService) -> None:
        self._store = store
        self._ingest = ingest
        self._grades = SourceGrades(store)

    def create(
        self,
        name: str,
        *,
        title: str,
        letter: SourceLetter | None = None,
        reason: str | None = None,
        kind: SourceKind = "news",
        speaks_for: tuple[str, ...] = (),
        ground: str | None = None,
        folder: bool = False,
    ) -> tuple[Feed, SourceGrade]:
        """Set up an inlet with its grade. Tokens of a former inlet of this name are worth nothing for it.

        Raises:
            BadInput: the name is in use or can't be used, a grade has no reason, or the title is that of a publisher
                for which nobody vouched.
        """
        title = self._checked_title(name, title, speaks_for)
        if letter is not None:
            _require_reason(letter, reason)
        feed = self._ingest.add_inlet(name, title=title, speaks_for=speaks_for, ground=ground, folder=folder)
        with self._store.engine.begin() as connection:
            tokens.revoke_tokens_of(connection, feed.id, self._store.clock.now())
        change = self._grades.grade(
            inlet_domain(name), letter or UNGRADED, reason or _NO_GROUND, publisher=title, kind=kind
        )
        return feed, change.after

    def create_mailbox(
        self,
        name: str,
        place: MailboxPlace,
        password: str,
        *,
        title: str,
        verified_by: str | None = None,
        speaks_for: tuple[str, ...] = (),
        ground: str | None = None,
    ) -> Feed:
        """Set up an inlet that reads a mailbox. It has no grade of its own: anybody can write to it.

        Raises:
            BadInput: as with :meth:`create`.
        """
        if speaks_for and verified_by is None:
            raise BadInput(
                "Nothing says which messages are from the publishers for which this mailbox speaks.",
                fix="Name your mail server with --verified-by, as it stands in Authentication-Results of a message.",
            )
        title = self._checked_title(name, title, speaks_for)
        feed = self._ingest.add_mailbox(
            name, place, password, title=title, verified_by=verified_by, speaks_for=speaks_for, ground=ground
        )
        self._grades.grade(inlet_domain(name), UNGRADED, _ANYBODY_WRITES, publisher=title, kind="other")
        return feed

    def set_password(self, name: str, password: str) -> str:
        """Set the password of an inlet's mailbox; return the server that alone gets it."""
        return self._ingest.set_mailbox_password(name, password)

    def rename(self, name: str, title: str) -> Feed:
        """Set the title of an inlet, for its later items.

        Raises:
            BadInput: there is no such inlet, or the title is that of a publisher for which nobody vouched.
        """
        inlet = self._ingest.inlet(name).feed
        return self._ingest.set_inlet_title(inlet.id, self._checked_title(name, title, inlet.speaks_for))

    def _checked_title(self, name: str, title: str, speaks_for: tuple[str, ...]) -> str:
        title = " ".join(title.split())
        if not title:
            raise BadInput("An inlet needs a title.", fix="Give the name that account managers see.")
        known = self._grades.table().named(title)
        if known is not None and known.domain not in (inlet_domain(name), *speaks_for):
            raise BadInput(
                f"{title!r} is the name of a publisher, {known.domain}, for which this inlet does not speak.",
                fix="Choose another title; or, if it does, vouch for it when you set the inlet up, with --speaks-for "
                f"{known.domain} --ground REASON.",
            )
        return title

    def grade(self, name: str, letter: SourceLetter, reason: str) -> SourceGrade:
        """Set the grade of an inlet.

        Raises:
            BadInput: there is no such inlet, or no reason.
        """
        self._ingest.inlet(name)
        _require_reason(letter, reason)
        return self._grades.grade(inlet_domain(name), letter, reason).after

    def list_inlets(self) -> Sequence[Inlet]:
        """Return all inlets, in the order in which they were set up."""
        with reading(self._store.engine) as connection:
            found = tokens.list_tokens(connection)
        table = self._grades.table()
        return [
            Inlet(
                state, table.lookup(_domain(state.feed)), [token for token in found if token.inlet_id == state.feed.id]
            )
            for state in self._ingest.list_feeds()
            if is_inlet_url(state.feed.url)
        ]

    def create_token(self, name: str, program: str, valid_for: timedelta) -> str:
        """Return a new token with which a program puts items into the inlet, and can do nothing else."""
        feed = self._ingest.inlet(name).feed
        if feed.kind != "push":
            raise BadInput(
                f"Into the inlet {name!r}, files are put or mail is sent, and no programs need a token for that.",
                fix="Set up another inlet without --folder.",
            )
        return self._store.create_api_token(name=program, valid_for=valid_for, inlet_id=feed.id)

    def folder(self, name: str) -> Path:
        """Return the folder of an inlet."""
        return self._ingest.folder_of(name)

    def remove(self, name: str) -> tuple[Feed, int]:
        """Remove an inlet; return it, and how many tokens of it were revoked. Its items and its grade stay."""
        feed = self._ingest.remove_feed(self._ingest.inlet(name).feed.id)
        with self._store.engine.begin() as connection:
            revoked = tokens.revoke_tokens_of(connection, feed.id, self._store.clock.now())
        return feed, revoked

    def push(self, name: str, raw: bytes, file: str, *, store: bool = True) -> tuple[Taken, Sequence[BadItem]]:
        """Put the items of a file with a JSON object per line into an inlet; bad lines are returned, and stop no other.

        Without ``store``, the items are only checked.
        """
        feed = self._ingest.inlet(name).feed
        read = asyncio.run(self._ingest.read_lines(feed, raw, file))
        counts = dict.fromkeys(("new", "revised", "unchanged", "copy"), 0)
        for batch in read.batches if store else ():
            with self._store.engine.begin() as connection:
                for change in self._ingest.take_items(connection, feed.id, PushedBatch(batch)):
                    counts[change.kind] += 1
        return Taken(**counts), read.problems


def _domain(feed: Feed) -> str:
    return feed.url.removeprefix("https://").rstrip("/")


def _require_reason(letter: SourceLetter, reason: str | None) -> None:
    if not (reason or "").strip():
        raise BadInput(
            f"Nothing says why this inlet has the grade {letter}.", fix="Give the reason in one sentence with --reason."
        )
