"""A pipeline refuses processors that don't fit together."""

from __future__ import annotations

import pytest

from firstword.pipeline import Pipeline, UnsoundTopology
from tests.unit.firstword.counting import Counter


class Reader(Counter):
    name = "reader"
    inputs = ("interactions",)
    outputs = ("deliveries",)


def test_two_processors_must_not_share_a_name() -> None:
    with pytest.raises(UnsoundTopology, match="share a name"):
        Pipeline((Counter(), Counter()))


def test_an_unregistered_topic_is_refused() -> None:
    class UnknownTopic(Counter):
        inputs = ("gossip",)

    with pytest.raises(UnsoundTopology, match="'gossip' is not in schemas"):
        Pipeline((UnknownTopic(),))


def test_reference_topics_must_be_compacted() -> None:
    class NotCompacted(Counter):
        references = ("alerts",)

    with pytest.raises(UnsoundTopology, match="compacted"):
        Pipeline((NotCompacted(),))


def test_a_processor_must_come_after_those_it_reads_from() -> None:
    Pipeline((Counter(), Reader()))
    with pytest.raises(UnsoundTopology, match=r"\['interactions'\], which a later"):
        Pipeline((Reader(), Counter()))


def test_a_processor_must_not_read_what_it_writes() -> None:
    class Loop(Counter):
        outputs = ("items",)

    with pytest.raises(UnsoundTopology, match=r"counter reads \['items'\], which it writes itself"):
        Pipeline((Loop(),))


def test_inputs_of_a_stateful_processor_must_have_equal_partition_counts() -> None:
    class Uneven(Counter):
        inputs = ("items", "feeds")

    with pytest.raises(UnsoundTopology, match="partition counts"):
        Pipeline((Uneven(),))


def test_up_to_keeps_the_processors_that_a_topic_needs() -> None:
    pipeline = Pipeline((Counter(), Reader()))
    assert [processor.name for processor in pipeline.up_to(["deliveries"]).processors] == ["counter", "reader"]
    assert [processor.name for processor in pipeline.up_to(["interactions"]).processors] == ["counter"]
    assert pipeline.up_to([]).processors == ()
