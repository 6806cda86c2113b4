"""The programs that clients come from are recognized by their columns."""

from __future__ import annotations

import pytest

from services.notifier.client_import.formats import FORMATS, TARGETS, detect_format, suggest_mapping
from tests.crm_exports import CONTACT_EXPORTS, HOLDINGS, contact_export


@pytest.mark.parametrize("program", CONTACT_EXPORTS)
def test_each_program_is_recognized_and_its_columns_mapped(program: str) -> None:
    columns, _, _ = contact_export(program)
    found = detect_format(columns)
    assert found == program
    mapping = dict(zip(columns, suggest_mapping(columns, found), strict=True))
    places = CONTACT_EXPORTS[program]
    assert mapping[places["id"]] == "id"
    assert mapping[places["company"]] == "organisation"
    assert mapping[places["email"]] == "email"
    assert mapping[places["owner"]] == "manager"
    assert mapping["Risk tolerance"] == "risk"


def test_holdings_are_recognized() -> None:
    assert detect_format(HOLDINGS[0]) == "custodian"
    assert suggest_mapping(HOLDINGS[0], "custodian") == (
        "id", "asset_name", "asset_isin", "asset_ticker", "", "asset_value", "", "asset_weight",
    )  # fmt: skip


def test_formats_name_known_fields_and_no_field_is_filled_twice() -> None:
    for known in FORMATS.values():
        assert set(known.columns.values()) <= {*TARGETS, ""}
    assert suggest_mapping(("Email", "E-Mail", "Foo"), "plain") == ("email", "", "")
