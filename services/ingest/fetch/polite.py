"""Fetches pages as their sites ask for it in robots.txt. Feeds are made for programs; pages may not be."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from services.common.addresses import redact_url
from services.common.errors import FirstwordError, Unreachable
from services.ingest.fetch.fetchers import Fetcher, Response, Validators
from services.ingest.fetch.robots import ALLOW_ALL, RobotRules, read_robots

__all__ = ["PoliteFetcher", "RobotsForbid"]

#: For this long the rules of a site are kept; longer than a day they must not be (RFC 9309, 2.4).
KEPT_FOR = timedelta(hours=12)
MOST_SITES = 1_000


class RobotsForbid(FirstwordError):
    """The site asks programs not to read this page."""


class PoliteFetcher:
    """Fetches through another fetcher, after robots.txt of the page's site, and of the site that answers."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._sites: OrderedDict[str, tuple[RobotRules, datetime]] = OrderedDict()

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        """Fetch a page that may be read.

        Raises:
            RobotsForbid: its site asks not to.
            FirstwordError: nothing usable came back, or the site's robots.txt can't be read.
        """
        await self._check(url, now)
        response = await self._fetcher.fetch(url, validators, now, secret_headers)
        if _site(response.url) != _site(url):
            await self._check(response.url, now)
        return response

    async def aclose(self) -> None:
        """Close nothing: the fetcher below is somebody else's."""

    async def _check(self, url: str, now: datetime) -> None:
        rules = await self._rules(_site(url), now)
        if not rules.allows(url):
            raise RobotsForbid(
                f"{_site(url)} asks programs not to read {redact_url(url)} (robots.txt).",
                fix="Remove it, and ask the publisher for a feed.",
            )

    async def _rules(self, site: str, now: datetime) -> RobotRules:
        known = self._sites.get(site)
        if known is not None and known[1] > now:
            return known[0]
        try:
            answer = await self._fetcher.fetch(f"{site}/robots.txt", Validators(), now)
        except FirstwordError as error:
            raise Unreachable(
                f"{site}/robots.txt can't be read, so it is unknown whether the page may be. {error.message}",
                fix=error.fix,
            ) from error
        if answer.status == 429 or answer.status >= 500:
            raise Unreachable(
                f"{site}/robots.txt can't be read (HTTP status {answer.status}), so it is unknown whether the page may "
                "be.",
                fix="Firstword tries again later.",
            )
        rules = read_robots(answer.body) if 200 <= answer.status <= 299 else ALLOW_ALL
        self._sites[site] = rules, now + KEPT_FOR
        self._sites.move_to_end(site)
        if len(self._sites) > MOST_SITES:
            self._sites.popitem(last=False)
        return rules


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
