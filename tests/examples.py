"""Examples of Hypothesis that are the same wherever a derandomized test runs.

Hypothesis also takes constants from the source of whatever modules are loaded. These differ between processes, since
each runs other tests before, and they change with every edit: a derandomized test would meet other examples by chance.
No setting turns that off (6.170), and a backend of one's own is not asked for the first, small examples.
"""

from __future__ import annotations

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

__all__ = ["repeat_examples"]

_NONE = Constants()


def repeat_examples() -> None:
    """Let no example depend on the source of the product."""
    assert callable(providers._get_local_constants)
    providers._get_local_constants = lambda: _NONE
