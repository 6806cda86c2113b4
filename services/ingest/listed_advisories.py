"""Fetches the security advisories that a CSAF provider lists: new and revised ones, a bounded number at a time.

A provider describes itself in one document, which names its lists, which name its advisories. Each is read apart, like
any document. Which advisories were read is known from the records of their items: an item of an advisory is as new as
its list says. So nothing is lost by a crash, and what one poll leaves is fetched by the next.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.common.errors import FirstwordError
from services.ingest.fetch.credentials import Credential, credentials_at
from services.ingest.fetch.fetchers import Fetcher, Response, Validators
from services.ingest.health.http_status import outcome_of_status
from services.ingest.parse.advisory import advisory_id, read_advisory
from services.ingest.parse.csaf_lists import AdvisoryList, ListedAdvisory, NotAnAdvisoryList, Provider, read_csaf_list
from services.ingest.parse.errors import NotAFeed
from services.ingest.parse.feed import ParsedFeed, ParsedItem
from services.ingest.readers import Readers
from services.ingest.repository import FeedState
from services.ingest.schedule.pacing import PollOutcome

__all__ = ["AdvisoryFetcher", "FetchedAdvisories", "ReadAt"]

#: Advisories fetched by one poll; the next one fetches the others.
MOST_FETCHED = 40
#: After this time a poll fetches no more of them.
MOST_SECONDS = 90.0
#: After so many failures in a row, a poll asks the server for no more of them.
MOST_FAILURES = 3
#: Advisories that were revised this long before the provider was added, or before now, are never fetched.
BEFORE_ADDED, OLDEST = timedelta(days=7), timedelta(days=60)
#: An advisory that could not be fetched or read is tried again after this time, twice as long after each failure.
RETRY, LONGEST_RETRY = timedelta(hours=1), timedelta(hours=24)
MOST_REMEMBERED = 10_000
MOST_LISTS_KEPT = 50

#: Returns the newest date that each of these items has stated, by id; items that were never seen are left out.
ReadAt = Callable[[Collection[str]], Mapping[str, datetime | None]]


@dataclass(frozen=True, slots=True)
class FetchedAdvisories:
    """The result: ``parsed`` if the lists could be read and something in them may be new.

    ``response`` stands for the lists. ``unread`` is an advisory that could not be read. ``is_complete``: nothing is
    left for the next poll.
    """

    outcome: PollOutcome
    response: Response
    parsed: ParsedFeed | None = None
    unread: Response | None = None
    is_complete: bool = True


@dataclass(slots=True)
class _Failure:
    """An advisory that failed. ``wait`` is the time from the failure to the next try, at ``again_at``."""

    updated: datetime
    again_at: datetime
    wait: timedelta

    @property
    def may_pass(self) -> bool:
        """Return whether it is tried again soon, even if the list stays as it is."""
        return self.wait < LONGEST_RETRY


@dataclass(slots=True)
class _Progress:
    """The progress of a poll."""

    items: list[ParsedItem] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    unread: Response | None = None
    unreadable: int = 0
    first_unreadable: str | None = None
    failures_in_a_row: int = 0
    retry_after: float | None = None
    left: int = 0

    def warn(self, text: str) -> None:
        self.warnings[text] = self.warnings.get(text, 0) + 1


class AdvisoryFetcher:
    """Fetches what lists of advisories name. Keeps in memory which failed, and the validators of providers' lists."""

    def __init__(self, most: int = MOST_FETCHED) -> None:
        """``most`` advisories are fetched by a poll."""
        self._most = most
        self._failures: OrderedDict[str, _Failure] = OrderedDict()
        self._validators: OrderedDict[str, tuple[Validators, AdvisoryList, str]] = OrderedDict()

    async def fetch(
        self,
        fetcher: Fetcher,
        readers: Readers,
        state: FeedState,
        first: Response,
        credential: Credential | None,
        read_at: ReadAt,
        now: datetime,
    ) -> FetchedAdvisories:
        """Fetch what is new in the lists that the document ``first`` is or names.

        Raises:
            NotAFeed: it is no list, or one of its lists is none.
            FirstwordError: a list can't be fetched.
        """
        found = await readers.run(read_csaf_list, first.body, first.url, first.content_type)
        if isinstance(found, Provider):
            lists: list[AdvisoryList] = []
            digests: list[str] = []
            for url in found.lists:
                read = await self._list(fetcher, readers, url, credential, now)
                if isinstance(read, FetchedAdvisories):
                    return replace(read, response=replace(first, validators=Validators()))
                lists.append(read[0])
                digests.append(read[1])
            # What was asked for with validators is the lists; the description is small, and read every time.
            body = f"{hashlib.blake2b(first.body).hexdigest()} {' '.join(digests)}".encode()
            response = replace(first, validators=Validators(), body=body)
            title = found.title
        else:
            lists, response, title = [found], first, found.title
        if hashlib.blake2b(response.body, digest_size=16).hexdigest() == state.body_digest:
            return FetchedAdvisories(PollOutcome("not_modified"), response)
        wanted, waiting = self._wanted(state, lists, read_at, now)
        progress = await self._fetch_all(fetcher, readers, state, wanted, credential, now)
        parsed = ParsedFeed(
            title=title,
            site_url=None,
            language=None,
            ttl_seconds=None,
            items=tuple(progress.items),
            warnings=tuple(f"{text}{f' ({n} times)' if n > 1 else ''}" for text, n in progress.warnings.items()),
            format=lists[0].format,
            unreadable=progress.unreadable,
            first_unreadable=progress.first_unreadable,
            still_listed=frozenset(advisory_id(state.feed.url, advisory) for advisory in _merged(lists)),
        )
        outcome = PollOutcome("fetched", retry_after_seconds=progress.retry_after)
        return FetchedAdvisories(outcome, response, parsed, progress.unread, not (progress.left or waiting))

    async def _list(
        self, fetcher: Fetcher, readers: Readers, url: str, credential: Credential | None, now: datetime
    ) -> tuple[AdvisoryList, str] | FetchedAdvisories:
        """Return a provider's list and the digest of its document, or the outcome if its server refuses it."""
        validators, known, digest = self._validators.get(url, (Validators(), None, ""))
        response = await fetcher.fetch(url, validators, now, _secrets(credential, url))
        if response.status == 304 and known is not None:
            return known, digest
        if not 200 <= response.status <= 299:
            sent = credentials_at(response.url, credential)
            refused = outcome_of_status(response.status, response.retry_after_seconds, sent)
            reason = f"The provider's list {url} can't be fetched. {refused.reason or ''}"
            kind = "unreachable" if refused.kind == "gone" else refused.kind
            return FetchedAdvisories(PollOutcome(kind, reason, refused.fix, refused.retry_after_seconds), response)
        digest = hashlib.blake2b(response.body, digest_size=16).hexdigest()
        try:
            read = await readers.run(read_csaf_list, response.body, response.url, response.content_type)
        except NotAnAdvisoryList as error:
            reason = f"The provider's list {url} is no list of security advisories."
            raise NotAFeed(reason, fix="Firstword tries again later. If this continues, tell the provider.") from error
        if isinstance(read, Provider):
            raise NotAFeed("This provider's list is another provider's description.", fix="Tell the provider.")
        self._validators[url] = response.validators, read, digest
        self._validators.move_to_end(url)
        if len(self._validators) > MOST_LISTS_KEPT:
            self._validators.popitem(last=False)
        return read, digest

    def _wanted(
        self, state: FeedState, lists: Sequence[AdvisoryList], read_at: ReadAt, now: datetime
    ) -> tuple[Sequence[ListedAdvisory], int]:
        """Return the listed advisories that are new or revised, newest first, and the number that must wait."""
        since = max(state.rhythm.watched_since - BEFORE_ADDED, now - OLDEST)
        recent = {
            advisory_id(state.feed.url, advisory): advisory for advisory in _merged(lists) if advisory.updated >= since
        }
        known = read_at(list(recent))
        wanted: list[ListedAdvisory] = []
        waiting = 0
        for id, advisory in recent.items():
            failed = self._failures.get(advisory.url)
            if failed is not None and failed.updated == advisory.updated and now < failed.again_at:
                waiting += failed.may_pass
                continue
            stated = known.get(id)
            # What is dated in the future is not read again and again until then.
            if id in known and (advisory.updated > now or (stated is not None and stated >= advisory.updated)):
                continue
            wanted.append(advisory)
        return wanted, waiting

    async def _fetch_all(
        self,
        fetcher: Fetcher,
        readers: Readers,
        state: FeedState,
        wanted: Sequence[ListedAdvisory],
        credential: Credential | None,
        now: datetime,
    ) -> _Progress:
        progress = _Progress()
        loop = asyncio.get_running_loop()
        ends = loop.time() + MOST_SECONDS
        for count, advisory in enumerate(wanted):
            is_over = count >= self._most or loop.time() >= ends or progress.failures_in_a_row >= MOST_FAILURES
            if is_over or progress.retry_after is not None:
                progress.left += len(wanted) - count
                break
            await self._fetch_one(fetcher, readers, state, advisory, credential, now, progress)
        return progress

    async def _fetch_one(
        self,
        fetcher: Fetcher,
        readers: Readers,
        state: FeedState,
        advisory: ListedAdvisory,
        credential: Credential | None,
        now: datetime,
        progress: _Progress,
    ) -> None:
        try:
            response = await fetcher.fetch(advisory.url, Validators(), now, _secrets(credential, advisory.url))
        except FirstwordError as error:
            progress.failures_in_a_row += 1
            progress.warn(f"An advisory can't be fetched: {error.message}")
            progress.left += self._remember_failure(advisory, now)
            return
        if not 200 <= response.status <= 299:
            progress.failures_in_a_row += response.status >= 500 or response.status == 429
            if response.status in (429, 503):
                progress.retry_after = response.retry_after_seconds
            progress.warn(f"An advisory is listed, but not there (HTTP status {response.status})")
            progress.left += self._remember_failure(advisory, now)
            return
        progress.failures_in_a_row = 0
        try:
            parsed = await readers.run(
                read_advisory,
                response.body,
                advisory,
                feed_url=state.feed.url,
                fetched_url=response.url,
                content_type=response.content_type,
                publisher=state.feed.publisher,
                speaks_for=state.feed.speaks_for,
                fetched_at=now,
            )
            problem = parsed.first_unreadable
        except NotAFeed as error:
            parsed, problem = None, error.message
        if parsed is None or not parsed.items:
            progress.unreadable += 1
            progress.unread = progress.unread or response
            progress.first_unreadable = progress.first_unreadable or f"{advisory.name}: {problem or 'it is empty.'}"
            self._remember_failure(advisory, now, LONGEST_RETRY)
            return
        self._failures.pop(advisory.url, None)
        progress.items.extend(parsed.items)
        for warning in parsed.warnings:
            progress.warn(warning)

    def _remember_failure(self, advisory: ListedAdvisory, now: datetime, wait: timedelta = RETRY) -> bool:
        """Let it wait; return whether it is tried again even if the list stays as it is."""
        before = self._failures.get(advisory.url)
        if before is not None and before.updated == advisory.updated:
            wait = min(before.wait * 2, LONGEST_RETRY)
        self._failures[advisory.url] = _Failure(advisory.updated, now + wait, wait)
        self._failures.move_to_end(advisory.url)
        if len(self._failures) > MOST_REMEMBERED:
            self._failures.popitem(last=False)
        return wait < LONGEST_RETRY


def _merged(lists: Sequence[AdvisoryList]) -> Sequence[ListedAdvisory]:
    """Return the advisories of several lists, newest first, each once."""
    newest: dict[str, ListedAdvisory] = {}
    for advisory in (advisory for listed in lists for advisory in listed.advisories):
        before = newest.get(advisory.name)
        if before is None or advisory.updated > before.updated:
            newest[advisory.name] = advisory
    return sorted(newest.values(), key=lambda advisory: (advisory.updated, advisory.name), reverse=True)


def _secrets(credential: Credential | None, url: str) -> Mapping[str, str] | None:
    return credential.headers_for(url) if credential is not None else None
