"""Fields of a client: compared, merged and described."""

from __future__ import annotations

from datetime import date, time

from schemas.clients import Blackout, Client, ContactPolicy, Desire, Note, Query, TopicScope, Watch
from services.notifier.client_book.fields import (
    FIELDS,
    changed_fields,
    describe_changes,
    stated_fields,
    value_of,
    with_values,
)

CLIENT = Client(
    id="claire", name="Claire", manager_id="mara", trade="wealth", risk="limited",
    assets=(Watch(entity_id="h", name="Halden Energy", kind="holding", weight=0.12, tickers=("HLDN",)),),
    contact=ContactPolicy(email="claire@arnaud.example"),
)  # fmt: skip


def test_every_field_that_people_write_is_listed() -> None:
    hidden = {"id", "contact", "set_at_desk", "mood_decided_at", "desk_fields"}
    assert set(Client.model_fields) - hidden == {field for field in FIELDS if "." not in field}
    joined = {"quiet_from", "quiet_until", "do_not_contact_reason"}
    listed = {field.removeprefix("contact.") for field in FIELDS if "." in field} - {"quiet"}
    assert set(ContactPolicy.model_fields) - joined == listed


def test_values_are_read_and_put_back() -> None:
    other = CLIENT.model_copy(
        update={
            "risk": None,
            "contact": ContactPolicy(quiet_from=None, quiet_until=None, do_not_contact=True, max_per_week=1),
        }
    )
    changed = changed_fields(CLIENT, other)
    assert changed == ("risk", "contact.email", "contact.max_per_week", "contact.quiet", "contact.do_not_contact")
    assert with_values(CLIENT, {field: value_of(other, field) for field in changed}) == other
    assert with_values(CLIENT, {}) == CLIENT


def test_stated_fields_leave_out_what_an_empty_entry_says() -> None:
    assert stated_fields(CLIENT) == ("name", "manager_id", "risk", "assets", "contact.email")


def test_changes_read_as_sentences_of_the_page() -> None:
    after = CLIENT.model_copy(
        update={
            "name": "Claire Arnaud",
            "risk": None,
            "desires": (Desire(name="income", words="a quiet life"), Desire(name="growth")),
            "views": (Note(text="Patience pays", question="And now?"),),
            "assets": (Watch(entity_id="h", name="Halden Energy", kind="holding", weight=0.155, tickers=("HLDN",)),),
            "interests": (
                Watch(
                    entity_id="o", name="Oats", kind="topic", scope=TopicScope(regions=("Germany",)),
                    query=Query(any_of=("oats",)),
                ),
            ),
            "contact": ContactPolicy(
                email="claire@arnaud.example", quiet_from=time(20), quiet_until=time(7, 30), working_days=(0, 4),
                do_not_contact=True, do_not_contact_reason="on leave",
                blackouts=(Blackout(until=date(2026, 3, 13), reason="deal", about=("Halden",)),),
            ),
        }
    )  # fmt: skip
    described = {change.label: (change.before, change.after) for change in describe_changes(CLIENT, after)}
    assert described == {
        "Name": ("Claire", "Claire Arnaud"),
        "Goals": ("not set", "income (“a quiet life”); growth"),
        "Risk tolerance": ("limited", "not set"),
        "Views": ("not set", "And now? Patience pays"),
        "Assets: Halden Energy": ("holding, 12%, HLDN", "holding, 15.5%, HLDN"),
        "Interests: Oats": ("", "topic, any of oats, scope Germany"),
        "Quiet hours": ("19:00 to 08:00", "20:00 to 07:30"),
        "Working days": ("Mon, Tue, Wed, Thu, Fri", "Mon, Fri"),
        "Do not contact": ("no", "yes: on leave"),
        "Blackouts": ("not set", "until 2026-03-13 on Halden: deal"),
    }
    assert describe_changes(after, CLIENT)[-1].after == "not set"
    assert [change.after for change in describe_changes(after, CLIENT) if "Oats" in change.label] == ["removed"]


def test_an_order_of_assets_that_changes_is_described_too() -> None:
    other = Watch(entity_id="m", name="Meridia", kind="holding")
    both = CLIENT.model_copy(update={"assets": (*CLIENT.assets, other)})
    turned = CLIENT.model_copy(update={"assets": (other, *CLIENT.assets)})
    (change,) = describe_changes(both, turned)
    assert (change.label, change.after) == ("Assets", "Meridia (holding); Halden Energy (holding, 12%, HLDN)")


def test_a_new_client_is_described_by_what_is_stated() -> None:
    assert [change.label for change in describe_changes(None, CLIENT)] == [
        "Name", "Account manager", "Risk tolerance", "Assets", "Email",
    ]  # fmt: skip
