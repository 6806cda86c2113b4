from __future__ import annotations

import pytest

from services.notifier.drafting.named_part import part_shown
from tests.unit.services.notifier.samples import an_alert


@pytest.mark.parametrize(
    "headline",
    [
        "Halden Energy customer wakes up to a bill of $18,000",
        "A former Halden Energy engineer Ann Lee says the pumps were unsafe",
        "Halden Energy driver arrested after crash",
    ],
)
def test_what_one_person_met_is_no_event_of_the_company(headline: str) -> None:
    assert part_shown(an_alert(headline=headline)) == "person"


@pytest.mark.parametrize(
    "headline",
    [
        "Halden Energy customer data stolen in attack",
        "Halden Energy customers sue over bills",
        "Halden Energy worker strike begins",
        "Halden Energy says a customer was overcharged",
    ],
)
def test_many_people_and_what_belongs_to_them_are_the_companys_affair(headline: str) -> None:
    assert part_shown(an_alert(headline=headline)) is None
