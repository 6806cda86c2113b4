import csv
import io
from datetime import UTC, datetime

import pytest

from services.common.safe_csv import safe_csv


@pytest.mark.parametrize("start", ["", " ", "\n", " \t", "\u00a0"])
@pytest.mark.parametrize("mark", ["=", "+", "-", "@", "\uff1d"])
def test_no_blank_hides_a_formula_from_the_guard(start: str, mark: str) -> None:
    ((cell,),) = list(csv.reader(io.StringIO(safe_csv(("view",), [(f"{start}{mark}1+1",)]), newline="")))[1:]
    assert cell == f"'{start}{mark}1+1"


@pytest.mark.parametrize("text", ["", "Halden", "1+1", "a\nb", 'He said "no", twice'])
def test_other_text_is_read_back_as_it_was(text: str) -> None:
    assert list(csv.reader(io.StringIO(safe_csv(("note", "more"), [(text, "x")]), newline="")))[1] == [text, "x"]


def test_values_are_written_in_plain_words() -> None:
    row = (None, True, False, 0, datetime(2026, 3, 9, 9, tzinfo=UTC))
    assert safe_csv("abcde", [row]).splitlines()[1] == ",yes,no,0,2026-03-09T09:00:00+00:00"
