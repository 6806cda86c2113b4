"""Check that work grows no faster than what it is done on, on a machine of any speed."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["assert_linear"]

#: How often what seems to grow too fast is measured.
TRIES = 3


def assert_linear(run: Callable[[int], object], size: int) -> None:
    """Assert that ``run(size)`` takes at most ten times the processor time of ``run(size // 4)``.

    Work that grows with the square of the size takes sixteen times as much. What is too quick to measure passes. What
    else the machine does can only add to the time that is measured, so the shortest of some times counts.
    """

    def seconds(size: int) -> float:
        begun = time.process_time()
        run(size)
        return time.process_time() - begun

    seconds(size // 40)  # what is loaded at the first use is no part of the work
    quarter = whole = float("inf")
    for _ in range(TRIES):
        quarter, whole = min(quarter, seconds(size // 4)), min(whole, seconds(size))
        if whole < 0.2 + 10 * quarter:
            return
    raise AssertionError(f"a quarter took {quarter:.2f} s of processor time, and the whole {whole:.2f} s")
