"""A client survives every format in which they are sent or stored, also those of before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from types import NoneType
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticUndefined

from schemas.base import Model, event
from schemas.clients import Client, ClientChanged, ContactPolicy, Firm, Manager
from schemas.topics import decode, encode

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
HOURS = st.none() | st.times().map(lambda at: at.replace(microsecond=0))


@given(st.builds(ContactPolicy, quiet_from=HOURS, quiet_until=HOURS, email=st.none() | st.just("a@b.example")))
def test_quiet_hours_survive_the_wire_and_json_without_nulls(policy: ContactPolicy) -> None:
    client = Client(id="ann", name="Ann", manager_id="mara", trade="wealth", contact=policy)
    changed = ClientChanged(client=client, firm=Firm(name="Harbour"), manager=Manager(id="mara", name="Mara"))
    sent = event(changed, key="ann", id="evt_1", source="test", time=NOW)
    assert decode("clients", encode(sent)) == sent
    assert ClientChanged.model_validate(changed.model_dump(mode="json", exclude_none=True)) == changed
    assert ClientChanged.model_validate(changed.model_dump(exclude_none=True)) == changed
    assert Client.model_validate_json(client.model_dump_json(exclude_none=True)) == client


def test_only_the_quiet_hours_are_written_as_null() -> None:
    written = json.loads(ContactPolicy(quiet_from=None, quiet_until=None).model_dump_json(exclude_none=True))
    assert [name for name, value in written.items() if value is None] == ["quiet_from", "quiet_until"]
    assert None not in ContactPolicy().model_dump(exclude_none=True).values()


def test_the_published_schema_names_the_fields() -> None:
    schema = ContactPolicy.model_json_schema(mode="serialization")
    assert set(schema["properties"]) == set(ContactPolicy.model_fields)


def models(base: type[Model] = Model) -> Iterator[type[Model]]:
    """Yield every model of the contract that is loaded."""
    for model in base.__subclasses__():
        if model.__module__.startswith("schemas."):
            yield model
        yield from models(model)


def test_no_other_field_takes_none_for_something_else_than_its_default() -> None:
    found = {
        (model, name)
        for model in models()
        for name, field in model.model_fields.items()
        if NoneType in get_args(field.annotation) and field.get_default() not in (None, PydanticUndefined)
    }
    assert found == {(ContactPolicy, "quiet_from"), (ContactPolicy, "quiet_until")}


def test_times_are_written_as_before() -> None:
    assert json.loads(ContactPolicy(quiet_from=time(20)).model_dump_json())["quiet_from"] == "20:00:00"


def test_an_unknown_risk_is_left_out_and_a_stored_one_is_kept() -> None:
    raw = {"id": "ada", "name": "Ada Frey", "manager_id": "m", "trade": "wealth"}
    assert Client.model_validate(raw).risk is None
    assert Client.model_validate({**raw, "risk": "moderate"}).risk == "moderate", "as an older version stored it"
    changed = ClientChanged(
        client=Client.model_validate(raw), firm=Firm(name="Bench"), manager=Manager(id="m", name="Mia Berg")
    )
    written = encode(event(changed, key="ada", id="evt_1", source="test", time=datetime(2026, 3, 3, tzinfo=UTC)))
    for name in (b'"risk"', b'"styles"', b'"set_at_desk"', b'"mood_decided_at"'):
        assert name not in written, "a consumer of the first version need not know it"
