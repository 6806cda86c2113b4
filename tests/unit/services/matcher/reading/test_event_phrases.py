from __future__ import annotations

from typing import get_args

import pytest

from schemas.mentions import FAMILY_OF, EventKind
from services.matcher.reading.event_phrases import event_noun, event_phrase


@pytest.mark.parametrize("kind", get_args(EventKind))
def test_every_kind_has_a_phrase_for_each_side(kind: EventKind) -> None:
    family = FAMILY_OF[kind]
    noun = event_noun(family, kind)
    assert event_phrase(family, kind, (), ()) == noun
    by_actor = event_phrase(family, kind, ["Quillon"], [])
    on_object = event_phrase(family, kind, [], ["Halden"])
    both = event_phrase(family, kind, ["Quillon"], ["Halden"])
    assert by_actor.startswith(f"{noun} ")
    assert by_actor.endswith("Quillon")
    assert on_object.endswith("Halden")
    assert {"Quillon", "Halden"} <= set(both.replace(",", "").split())
    assert "{" not in both


def test_a_broad_kind_stands_for_a_finer_one_that_is_not_known() -> None:
    assert event_noun("deal", None) == "a deal"
    assert event_noun("breach", None) == event_noun("breach", "data_breach") == "a breach or hack"
