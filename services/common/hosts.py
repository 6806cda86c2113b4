"""Compares the names of hosts."""

from __future__ import annotations

__all__ = ["is_within"]


def is_within(host: str | None, domain: str) -> bool:
    """Return whether ``host`` is ``domain`` or a host under it. Both are in lower case, without a dot at the end."""
    return host is not None and (host == domain or host.endswith(f".{domain}"))
