from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from services.notifier.triage.editors import PRESENT, editors_of, note_editing, stop_editing
from tests.desk_data import NOW
from tests.desk_world import World


def test_those_who_edit_are_named_while_their_form_is_open(database: Engine) -> None:
    world = World.on(database)
    with world.engine.begin() as connection:
        note_editing(connection, "d1", "manager-mara", NOW)
        note_editing(connection, "d1", "manager-june", NOW + timedelta(seconds=20))
        assert editors_of(connection, "d1", "owner", NOW + timedelta(seconds=20)) == ["June", "Mara"]
        assert editors_of(connection, "d1", "manager-mara", NOW + timedelta(seconds=20)) == ["June"]
        assert editors_of(connection, "d2", "owner", NOW) == []
        assert editors_of(connection, "d1", "owner", NOW + PRESENT + timedelta(seconds=1)) == ["June"]
        stop_editing(connection, "d1", "manager-june")
        assert editors_of(connection, "d1", "owner", NOW + timedelta(seconds=20)) == ["Mara"]
