from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest
from sqlalchemy import Engine

from services.common.db import reading
from services.notifier import queries
from services.notifier.desk.auth import Viewer
from services.notifier.scope import EVERYTHING, OwnClients, Scope
from tests.desk_world import OWNER, World

#: Parts of queries: their callers have chosen the rows by their own scope.
PARTS = {"lines_by_id", "page_of"}
QUERIES = [
    getattr(queries, name)
    for name in queries.__all__
    if name not in PARTS and inspect.isfunction(getattr(queries, name))
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.__name__)
def test_every_query_takes_a_scope_without_a_default(query: object) -> None:
    parameter = inspect.signature(query).parameters["scope"]  # type: ignore[arg-type]
    assert get_type_hints(query)["scope"] == Scope
    assert parameter.default is inspect.Parameter.empty


def test_the_owner_sees_everything_and_a_manager_their_own_clients() -> None:
    assert OWNER.scope == EVERYTHING
    assert Viewer("manager-june", "June", "manager", "june", "UTC").scope == OwnClients("june")
    assert Viewer("manager-x", "X", "manager", None, "UTC").scope == OwnClients("")
    assert EVERYTHING.includes("june")
    assert OwnClients("june").includes("june")
    assert not OwnClients("june").includes("mara")


def test_another_managers_data_is_not_found(database: Engine) -> None:
    world = World.on(database)
    line = world.draft("claire-arnaud", "warn")
    world.desk("mark_sent", line.id, 0)
    world.apply(world.publisher.events)
    with reading(world.engine) as connection:
        for scope, count in ((EVERYTHING, 1), (OwnClients("mara"), 1), (OwnClients("june"), 0)):
            assert len(queries.deliveries_of(connection, scope, line.id)) == count
            contacts = queries.contacts(connection, scope, line.client_id)
            assert len([row for row in contacts if row["draft_id"] == line.id]) == count
            assert (queries.draft(connection, scope, line.id) is not None) == bool(count)
