"""YAML files are read by version 1.2, and every field knows its line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.common.errors import BadInput
from services.common.yaml_table import line_of, load_table, load_yaml


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("on", "on"), ("y", "y"), ("1:30", "1:30"), ("1_000", "1_000"), ("'5'", "5"), ("=", "="),
        ("True", True), ("false", False), ("", None), ("~", None), ("012", 12), ("0x1F", 31), ("0o17", 15),
        ("-.5", -0.5), ("1e3", 1000.0), ("2026-11-30", date(2026, 11, 30)), ("[a, {b: 1}]", ["a", {"b": 1}]),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(written: str, value: Any) -> None:
    read = load_yaml(f"field: {written}\n")["field"]
    assert (read, type(read) is bool) == (value, type(value) is bool)


def test_tables_and_lists_know_the_lines_of_their_entries() -> None:
    table = load_table("# ours\nname: x\nrules:\n  - a: 1\n    b: 2\n  - c: 3\n", "f.yaml", lacks="table", start="")
    assert [line_of(table, field) for field in ("name", "rules", "missing")] == [2, 3, 2]
    assert table["rules"].lines == [3, 5]
    assert line_of(table["rules"][0], "b") == 5


def test_a_table_takes_over_the_fields_of_another_but_for_its_own() -> None:
    read = load_yaml("one: &one {a: 1, b: 2}\ntwo: {<<: *one, b: 3}\nthree: *one\n")
    assert read["two"] == {"a": 1, "b": 3}
    assert read["three"] is read["one"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: file: it is not valid YAML (found duplicate key 'a')"),
        ("{a: 1}: b\n", "f.yaml:1: file: it is not valid YAML (found unhashable key)"),
        ("a: !!python/object/apply:os.getcwd []\n", "f.yaml:1: file: it is not valid YAML"),
        ("a: [1\n", "f.yaml:2: file: it is not valid YAML"),
        ("a: \x00\n", "f.yaml:1: file: it is not valid YAML. Save the file as UTF-8 text."),
        ("only text\n", "f.yaml:1: file: it contains no table. Begin."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(BadInput) as refused:
        load_table(text, "f.yaml", lacks="table", start="Begin.")
    assert str(refused.value).startswith(message)
