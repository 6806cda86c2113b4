from __future__ import annotations

import pytest

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.network import Scores
from training.calibration import choose_temperatures
from training.rows import Row


def row(role: str) -> Row:
    targets = {field: {values[0]: 1.0} for field, values in FIELD_VALUES.items()} | {"role": {role: 1.0}}
    return Row("itm", "Halden", "Halden", "", "", "Halden", "company", targets, 1.0, True, True, "readers")


def scores(sure: float) -> Scores:
    fields = {
        field: {value: sure if at == 0 else (1 - sure) / (len(values) - 1) for at, value in enumerate(values)}
        for field, values in FIELD_VALUES.items()
    }
    return Scores(fields, tell=0.5)


@pytest.mark.parametrize(("sure", "cooler"), [(0.99, False), (0.4, True)])
def test_confidence_becomes_the_share_that_is_right(sure: float, cooler: bool) -> None:
    rows = [row("actor")] * 7 + [row("object")] * 3  # right seven times in ten
    temperature = choose_temperatures(rows, [scores(sure)] * 10)["role"]
    assert (temperature < 1) is cooler
    powers = [share ** (1 / temperature) for share in scores(sure).fields["role"].values()]
    assert powers[0] / sum(powers) == pytest.approx(0.7, abs=0.05)
