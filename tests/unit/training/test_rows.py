from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.rows import load_contrast_rows, load_firm_rows

HEADER = "item_id,entity,surface,type,reader,role,kind,genre,status,direction,weight,tell"
ITEM = {
    "id": "i1",
    "title": "Halden recalls 40,000 pumps",
    "published_at": "2026-03-02T08:00:00Z",
    "source": {"host": "harbour.example", "publisher": "Harbour Wire"},
}


@pytest.fixture
def items(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps(ITEM) + "\n", encoding="utf-8")
    return path


def labels(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "firm.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def test_labels_of_several_readers_become_shares_and_empty_fields_do_not_count(tmp_path: Path, items: Path) -> None:
    given = labels(
        tmp_path,
        "i1,Halden,Halden,company,ann,actor,recall,news,fact,bad,worth,tell",
        "i1,Halden,Halden,company,bo,,recall,news,,bad,minor,no",
    )
    (row,) = load_firm_rows(given, items)
    assert row.targets["role"] == {"actor": 1.0}
    assert row.targets["weight"] == {"worth": 0.5, "minor": 0.5}
    assert (row.labels["tell"], row.source, row.text.title) == ("tell", "firm", ITEM["title"])


def test_a_firm_may_label_a_few_fields_only(tmp_path: Path, items: Path) -> None:
    given = labels(tmp_path, "i1,Halden,Halden,company,tell", header="item_id,entity,surface,type,tell")
    (row,) = load_firm_rows(given, items)
    assert row.labels == {"tell": "tell"}
    assert row.targets["role"] == {}


def test_proposals_that_nobody_checked_are_left_out(tmp_path: Path, items: Path) -> None:
    fields = "actor,recall,news,fact,bad,worth,tell"
    given = labels(tmp_path, f"i1,Halden,Halden,company,model,{fields}", f"i1,Bexley,Bexley,company,ann,{fields}")
    assert [row.entity for row in load_firm_rows(given, items)] == ["Bexley"]


def test_an_unknown_value_is_refused_with_its_line(tmp_path: Path, items: Path) -> None:
    given = labels(tmp_path, "i1,Halden,Halden,company,ann,acter,recall,news,fact,bad,worth,tell")
    with pytest.raises(ValueError, match=r"firm.csv, line 2: role is 'acter', not one of actor"):
        load_firm_rows(given, items)


def test_a_label_without_its_item_is_refused(tmp_path: Path, items: Path) -> None:
    given = labels(tmp_path, "i2,Halden,Halden,company,ann,actor,recall,news,fact,bad,worth,tell")
    with pytest.raises(ValueError, match=r"1 labeled items are not in .*, for example i2"):
        load_firm_rows(given, items)


def test_contrast_headlines_are_always_trained_on() -> None:
    assert not any(row.kept_out for row in load_contrast_rows())
