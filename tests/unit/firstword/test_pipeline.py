"""A topology that doesn't fit together is refused when it is built."""

from __future__ import annotations

import pytest

from firstword.pipeline import Pipeline, UnsoundTopology
from tests.unit.firstword.counting import Counter


class Reader(Counter):
    name = "reader"
    inputs = ("interactions",)
    outputs = ("deliveries",)


def test_a_name_is_given_once() -> None:
    with pytest.raises(UnsoundTopology, match="one name"):
        Pipeline((Counter(), Counter()))


def test_unregistered_topics_are_named() -> None:
    class Lost(Counter):
        inputs = ("gossip",)

    with pytest.raises(UnsoundTopology, match="'gossip' is not in schemas"):
        Pipeline((Lost(),))


def test_references_must_be_compacted() -> None:
    class Forgetful(Counter):
        references = ("alerts",)

    with pytest.raises(UnsoundTopology, match="compacted"):
        Pipeline((Forgetful(),))


def test_a_processor_comes_after_those_it_reads_from() -> None:
    Pipeline((Counter(), Reader()))
    with pytest.raises(UnsoundTopology, match=r"\['interactions'\], which a later"):
        Pipeline((Reader(), Counter()))


def test_a_processor_must_not_read_what_it_writes() -> None:
    class Loop(Counter):
        outputs = ("items",)

    with pytest.raises(UnsoundTopology, match=r"counter reads \['items'\], which it writes itself"):
        Pipeline((Loop(),))


def test_inputs_of_a_stateful_processor_have_like_partitions() -> None:
    class Uneven(Counter):
        inputs = ("items", "feeds")

    with pytest.raises(UnsoundTopology, match="partition counts"):
        Pipeline((Uneven(),))


def test_only_what_leads_to_a_topic_is_kept() -> None:
    whole = Pipeline((Counter(), Reader()))
    assert [each.name for each in whole.up_to(["deliveries"]).processors] == ["counter", "reader"]
    assert [each.name for each in whole.up_to(["interactions"]).processors] == ["counter"]
    assert whole.up_to([]).processors == ()
