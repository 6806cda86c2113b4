"""Reads robots.txt (RFC 9309): whether a site allows programs like this one to read a page. Pure, in linear time."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

__all__ = ["ALLOW_ALL", "ROBOTS_BYTES", "RobotRules", "read_robots"]

#: The name by which sites can address Firstword.
PRODUCT = "firstword"
#: Bytes that are read; a parser must read at least 500 KiB (RFC 9309, 2.5).
ROBOTS_BYTES = 512_000
MOST_RULES = 5_000


@dataclass(frozen=True, slots=True)
class RobotRules:
    """The rules of a site for this program: patterns of paths, and whether they may be read."""

    rules: tuple[tuple[str, bool], ...] = ()

    def allows(self, url: str) -> bool:
        """Return whether ``url`` may be read: the longest pattern that fits decides, and an allowing one of two."""
        parts = urlsplit(url)
        path = _normal(parts.path or "/") + (f"?{_normal(parts.query)}" if parts.query else "")
        fitting = [(len(pattern), allowed) for pattern, allowed in self.rules if _fits(pattern, path)]
        return max(fitting)[1] if fitting else True


ALLOW_ALL = RobotRules()


def read_robots(raw: bytes) -> RobotRules:
    """Return the rules for this program: those of the groups that name it, else those for all programs."""
    whole = raw if len(raw) <= ROBOTS_BYTES else raw[:ROBOTS_BYTES].rpartition(b"\n")[0]  # half a rule is another one
    text = whole.decode("utf-8", "replace").removeprefix("\ufeff")
    named: list[tuple[str, bool]] = []
    general: list[tuple[str, bool]] = []
    is_named = False
    agents: set[str] = set()
    in_rules = False
    for line in text.replace("\r", "\n").split("\n"):
        field, colon, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not colon:
            continue
        if field == "user-agent":
            if in_rules:
                agents, in_rules = set(), False
            agents.add(_product(value))
            is_named = is_named or _product(value) == PRODUCT
        elif field in ("allow", "disallow"):
            in_rules = True
            if value:
                rule = (_normal(value), field == "allow")
                if PRODUCT in agents:
                    named.append(rule)
                if "*" in agents:
                    general.append(rule)
    return RobotRules(tuple((named if is_named else general)[:MOST_RULES]))


def _product(value: str) -> str:
    """Return the product token of a user agent: ``firstword`` of ``Firstword/2.0 (news)``."""
    return value.partition("/")[0].partition(" ")[0].lower()


def _normal(path: str) -> str:
    """Return a path with the same characters escaped, however it was written."""
    return quote(unquote(path, errors="replace"), safe="/*$?=&:@!'(),;+~")


def _fits(pattern: str, path: str) -> bool:
    """Return whether a pattern with ``*`` (anything) and ``$`` (the end) fits the beginning of ``path``."""
    to_end = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not to_end or path == first
    at = len(first)
    *middle, last = rest
    for piece in middle:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return path.endswith(last) and len(path) - len(last) >= at if to_end else path.find(last, at) >= 0
