"""Who speaks for a company, and who does not."""

from __future__ import annotations

import pytest

from services.matcher.officers import Office, office_of


@pytest.mark.parametrize(
    ("text", "office"),
    [
        ("Halden is not for sale, its chief executive Ann Lee said on Monday.", Office(None)),
        ("No dividend cut at Halden, says chairman", Office(None)),
        ("Halden not for sale, chief executive says", Office(None)),
        ("Halden Energy chief executive Ann Lee said the plant is safe.", Office("Halden Energy")),
        ("Bexley's CFO told reporters that there is no offer.", Office("Bexley")),
        ("The bank's chairman Ola Berg denied it.", Office(None)),
        ("Former Halden chief executive Ann Lee said it was a mistake.", None),
        ("Bexley analyst Per Aas said the dividend is at risk.", None),
        ("Finance minister Per Aas said the bank is sound.", None),
        ("Halden's chief executive is Ann Lee.", None),
    ],
)
def test_for_whom_a_person_speaks(text: str, office: Office | None) -> None:
    assert office_of([text]) == office


def test_the_first_statement_that_tells_counts() -> None:
    assert office_of(["Halden denies it", "Halden is sound, its chairman said.", "Bexley chairman Al said no."]) == (
        Office(None)
    )
