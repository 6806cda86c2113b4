from __future__ import annotations

import pytest
from sqlalchemy import Engine

from services.common.errors import BadInput
from services.notifier.triage.saved import delete_view, save_view, views_of
from services.notifier.triage.view import InboxView
from tests.desk_data import NOW
from tests.desk_world import World


def test_views_are_kept_by_name_for_each_user(database: Engine) -> None:
    world, urgent = World.on(database, ()), InboxView(urgency="urgent", group="flat")
    with world.engine.begin() as connection:
        save_view(connection, "manager-mara", "  My  morning ", InboxView(deadline="4"), NOW)
        save_view(connection, "manager-mara", "My morning", urgent, NOW)
        save_view(connection, "manager-june", "Other", urgent, NOW)
        (saved,) = views_of(connection, "manager-mara")
        assert (saved.name, saved.view) == ("My morning", urgent)
        delete_view(connection, "manager-mara", "My morning")
        assert views_of(connection, "manager-mara") == []
        assert len(views_of(connection, "manager-june")) == 1


def test_a_view_needs_a_name_and_there_are_not_too_many(database: Engine) -> None:
    world = World.on(database, ())
    with world.engine.begin() as connection:
        for name in ("", " ", "x" * 61):
            with pytest.raises(BadInput, match="needs a name"):
                save_view(connection, "owner", name, InboxView(), NOW)
        for number in range(30):
            save_view(connection, "owner", f"View {number}", InboxView(), NOW)
        with pytest.raises(BadInput, match="30 saved views"):
            save_view(connection, "owner", "One more", InboxView(), NOW)
