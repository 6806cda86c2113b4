"""The versions of Python that lack a fix."""

from __future__ import annotations

__all__ = ["outdated_python"]

#: The first patch version of Python with the fix of CVE-2024-6923, by version. Newer versions have it from the start.
_MAIL_HEADERS_FIXED = {(3, 11): 10, (3, 12): 5}


def outdated_python(version: tuple[int, int, int]) -> str | None:
    """Return why ``version`` of Python should be updated; None if it needs no update.

    The flaw is in the standard library's mail headers (CVE-2024-6923). Firstword does not rely on its fix.
    """
    fixed = _MAIL_HEADERS_FIXED.get(version[:2])
    if fixed is None or version[2] >= fixed:
        return None
    return f"Python {version[0]}.{version[1]} has known flaws before {version[0]}.{version[1]}.{fixed}."
