from __future__ import annotations

import pytest

from firstword.python_flaws import outdated_python


@pytest.mark.parametrize(
    ("version", "needed"),
    [((3, 11, 2), "3.11.10"), ((3, 11, 10), None), ((3, 12, 4), "3.12.5"), ((3, 12, 11), None), ((3, 13, 0), None)],
)
def test_a_python_with_known_flaws_is_named_with_its_fix(version: tuple[int, int, int], needed: str | None) -> None:
    found = outdated_python(version)
    assert (found is None) == (needed is None)
    assert needed is None or needed in str(found)
