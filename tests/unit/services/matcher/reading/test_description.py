from __future__ import annotations

from typing import Any

from services.matcher.reading.description import describe_readings
from tests.unit.services.matcher.readings import reading


def sentences(names: list[str], *changes: dict[str, Any]) -> list[str]:
    described = describe_readings(
        [reading(entity_id=name, **change) for name, change in zip(names, changes, strict=True)], names
    )
    return [text.reasons[0] for text in described]


def test_a_sentence_says_who_acts_on_whom_and_what_the_name_has_to_do_with_it() -> None:
    said = sentences(
        ["Quillon", "Halden", "Osprey"],
        {"kind": "deal", "role": "actor"},
        {"kind": "deal", "role": "object"},
        {"kind": "deal", "role": "mention"},
    )
    assert said == [
        "A deal, concerning Halden; Quillon is the one acting.",
        "A deal by Quillon; Halden is the one it happens to.",
        "A deal by Quillon, concerning Halden; Osprey is only mentioned.",
    ]


def test_doubt_is_said() -> None:
    assert sentences(["Halden"], {"kind": "breach", "role": "object", "sure": 0.4}) == [
        "A breach; Halden is the one it happens to (not certain)."
    ]


def test_without_an_event_nobody_acts() -> None:
    said = sentences(["Quillon", "Halden"], {"kind": "none", "role": "actor"}, {"kind": "none", "role": "homonym"})
    assert said == ["No event; Quillon is the one acting.", "No event; Halden means something else here."]
