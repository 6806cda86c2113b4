"""The table of kinds of data is complete, and what a firm chooses is checked."""

from __future__ import annotations

import pytest

from firstword.retention.kinds import BY_OTHERS, KEPT_WHILE_IN_USE, KINDS, Part, retention_days
from firstword.storage.migrate import ALL_TABLES
from schemas.topics import TOPICS
from services.common.errors import BadInput
from services.notifier.people.catalog import ABOUT_CLIENTS


def tables_of(part: Part) -> set[str]:
    return {part.column.table.name}.union(*(tables_of(deeper) for deeper in part.parts))


def removed() -> set[str]:
    """The tables whose rows the job removes."""
    roots = [rows for kind in KINDS for rows in kind.rows]
    return {rows.table.name for rows in roots}.union(*(tables_of(part) for rows in roots for part in rows.parts))


def test_every_table_has_an_end_or_a_reason() -> None:
    tables = {table.name for metadata in ALL_TABLES for table in metadata.sorted_tables}
    special = {"audit_log"}
    assert removed() | KEPT_WHILE_IN_USE.keys() | BY_OTHERS.keys() | special == tables
    assert not removed() & (KEPT_WHILE_IN_USE.keys() | BY_OTHERS.keys())
    assert set(BY_OTHERS.values()) <= {kind.name for kind in KINDS}


def test_nothing_on_clients_is_kept_without_an_end_of_its_own_or_the_clients() -> None:
    about = {part.table.name for part in ABOUT_CLIENTS}
    assert about & KEPT_WHILE_IN_USE.keys() == {
        "clients", "client_file_values", "duplicate_keys", "distinct_clients", "tunings", "stopped_news"
    }  # fmt: skip


def test_every_topic_that_is_not_compacted_is_listed_with_its_days() -> None:
    listed = {kind.name: kind.days for kind in KINDS if kind.name.startswith("events.")}
    assert listed == {
        f"events.{topic.name}": topic.retention_seconds // 86_400
        for topic in TOPICS.values()
        if topic.retention_seconds is not None
    }


def test_what_a_firm_chooses_is_in_force_and_the_rest_by_default() -> None:
    days = retention_days({"drafts": 30})
    assert days["drafts"] == 30
    assert days["audit"] == 2_557


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"draft": 30}, "'draft' is not a kind of data"),
        ({"events.items": 30}, "'events.items' is always kept for 7 days"),
        ({"drafts": 0}, "'drafts' can't be kept for 0 days"),
        ({"drafts": 100_000}, "100,000 days"),
    ],
)
def test_what_is_not_possible_is_refused_with_a_fix(chosen: dict[str, int], said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        retention_days(chosen)
    assert refused.value.fix


def test_no_kind_with_a_law_is_kept_for_less_by_default() -> None:
    for kind in KINDS:
        assert (kind.law is None) == (kind.least_days is None), kind.name
        assert kind.least_days is None or kind.days >= kind.least_days, kind.name
        assert kind.is_carried_out_here or kind.by, kind.name
