"""URLs of items: made absolute, and reduced to a canonical form for comparison. Pure; nothing is fetched."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

__all__ = ["absolute_url", "canonical_url", "host_of", "joined_url"]

_BLANKS = re.compile(r"\s+")
_BREAKS = re.compile(r"[\n\t\r]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
#: An absolute URL as almost all items have it, which joining leaves as it is.
_ABSOLUTE = re.compile(
    r"https?://([A-Za-z0-9][A-Za-z0-9.-]*)(?::\d{1,5})?"
    r"(?:/[A-Za-z0-9._~!$&'()*+,=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]+)?(?:#[A-Za-z0-9._~!$&'()*+,;=:@%/?-]+)?"
)
#: One whose canonical form differs from it at most in scheme, upper case and parameters.
_SIMPLE = re.compile(
    r"https?://([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?)"
    r"(?:\?((?:[A-Za-z0-9._-]+=[A-Za-z0-9._-]*&)*[A-Za-z0-9._-]+=[A-Za-z0-9._-]*))?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Browsers and servers don't handle longer URLs reliably; a longer one is a mistake or an attack.
MAX_LENGTH = 4_096


def _tracking_parameters() -> tuple[frozenset[str], tuple[str, ...]]:
    lines = files("services.ingest.identity").joinpath("tracking_parameters.txt").read_text("utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    exact = frozenset(name for name in names if not name.endswith("*"))
    return exact, tuple(name[:-1] for name in names if name.endswith("*"))


_EXACT, _PREFIXES = _tracking_parameters()


def absolute_url(url: str | None, base: str) -> str | None:
    """Resolve ``url`` against ``base``; None if the result is not an http(s) URL.

    Only whitespace and control characters are removed, and the scheme is in lower case.
    """
    if not url or len(url) > MAX_LENGTH:
        return None
    if _ABSOLUTE.fullmatch(url):
        return url
    bare = _CONTROL.sub("", _BLANKS.sub("", url) if _BREAKS.search(url) else url.strip())
    try:
        joined = urljoin(base, bare) if base else bare
        parts = urlsplit(joined)
        scheme = parts.scheme  # in lower case, whatever is written
        return scheme + joined[len(scheme) :] if scheme in _DEFAULT_PORTS and parts.hostname else None
    except ValueError:
        return None


def joined_url(base: str, url: str) -> str:
    """Resolve ``url`` against ``base`` like :func:`urllib.parse.urljoin`, which takes ten times as long.

    Raises:
        ValueError: one of them is not a URL.
    """
    return url if _ABSOLUTE.fullmatch(url) else urljoin(base, url)


def host_of(url: str | None) -> str | None:
    """Return the host of ``url`` in lower case, without port and without a leading ``www.``; None without a host."""
    plain = _ABSOLUTE.fullmatch(url or "")
    try:
        host = plain[1].lower() if plain else urlsplit(url or "").hostname
    except ValueError:
        return None
    return host.removeprefix("www.").rstrip(".") or None if host else None


@lru_cache(maxsize=4_096)
def canonical_url(url: str) -> str:
    """Return ``url`` without fragment, default port, user and tracking parameters, its other parameters sorted.

    The scheme becomes ``https``: the same page under http and https is one page. An invalid URL is returned without
    its whitespace, so the function never fails.
    """
    simple = _SIMPLE.fullmatch(url)
    if simple:
        pairs = [pair.partition("=") for pair in simple[3].split("&")] if simple[3] else []
        kept = sorted((name, value) for name, _, value in pairs if not _is_tracking(name, value))
        query = "&".join(f"{name}={value}" for name, value in kept)
        return f"https://{simple[1].lower()}{simple[2] or '/'}{'?' if query else ''}{query}"
    return _canonical(url)


def _canonical(url: str) -> str:
    bare = _BLANKS.sub("", url)
    try:
        parts = urlsplit(bare)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(*pair)]
        netloc = f"[{host}]" if ":" in host else host
        if port and port != _DEFAULT_PORTS.get(parts.scheme):
            netloc += f":{port}"
        scheme = "https" if parts.scheme in _DEFAULT_PORTS else parts.scheme
        clean = urlunsplit((scheme, netloc, parts.path, urlencode(kept), ""))
        return str(canonicalize_url(clean))
    except ValueError:
        return bare


def _is_tracking(name: str, value: str) -> bool:
    lowered = name.lower()
    return lowered in _EXACT or f"{lowered}={value.lower()}" in _EXACT or lowered.startswith(_PREFIXES)
