"""Where webhooks go: addresses, what each wants to hear, and its secrets; several hold while one is replaced."""

from __future__ import annotations

import secrets as randomness
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from schemas.base import Model, Utc
from schemas.webhooks import WEBHOOKS
from services.common.addresses import redact_url
from services.common.errors import BadInput
from services.common.sealing import Keys, LockedSecret, keys_of
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_endpoints

__all__ = [
    "CONCURRENCY",
    "OVERLAP",
    "PER_SECOND",
    "Endpoint",
    "Secret",
    "Wants",
    "add",
    "change",
    "endpoints",
    "find",
    "new_secret",
    "remove",
    "rotate",
    "seal_all",
    "unsealed",
]

#: So long the former secret signs beside the new one.
OVERLAP = timedelta(hours=24)
CONCURRENCY = 4
PER_SECOND = 50.0
#: Bytes of a secret (Standard Webhooks: between 24 and 64).
SECRET_BYTES = 32


class Wants(Model):
    """What an endpoint wants to hear. Empty: everything. A message must pass each list that is given.

    ``clients`` and ``entities`` let through only messages that have one; what concerns none (a silent feed) is
    wanted unless clients or entities are named.
    """

    types: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()

    def hear(self, type: str, client_id: str | None, entity_id: str | None) -> bool:
        """Whether such a message is wanted."""
        return (
            (not self.types or type in self.types)
            and (not self.clients or client_id in self.clients)
            and (not self.entities or entity_id in self.entities)
        )


class Secret(Model):
    """One secret, ``whsec_…``, as it is kept: sealed. It signs until ``until``; without, it is the one that holds."""

    value: str
    until: Utc | None = None

    def __repr__(self) -> str:
        return f"Secret(until={self.until})"

    __str__ = __repr__


_SECRETS = TypeAdapter(tuple[Secret, ...])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint as it stands. ``ordered``: one at a time, in order, and none before the one ahead is settled."""

    id: str
    url: str
    description: str
    wants: Wants
    secrets: tuple[Secret, ...] = field(repr=False)
    keys: Keys = field(repr=False, compare=False)
    ordered: bool
    concurrency: int
    per_second: float
    state: Literal["active", "disabled"]
    disabled_at: datetime | None
    disabled_because: str | None
    resting_until: datetime | None
    paced_until: datetime | None
    last_delivered_at: datetime | None
    failures_in_a_row: int
    created_at: datetime

    @property
    def shown(self) -> str:
        """Its address for people, without secrets."""
        return redact_url(self.url)

    def signing(self, now: datetime) -> list[str]:
        """The secrets that sign at ``now``, the newest first; one that can't be read is left out where another can.

        Raises:
            LockedSecret: when none can be read.
        """
        holding = [secret.value for secret in self.secrets if secret.until is None or secret.until > now]
        opened, locked = [], None
        for value in holding:
            try:
                opened.append(self.keys.open(value))
            except LockedSecret as error:
                locked = error
        if locked is not None and not opened:
            raise locked
        return opened


def new_secret() -> str:
    """A secret of its own, as the reference libraries take it."""
    return f"whsec_{b64encode(randomness.token_bytes(SECRET_BYTES)).decode()}"


def add(
    connection: Connection,
    url: str,
    now: datetime,
    *,
    wants: Wants | None = None,
    description: str = "",
    ordered: bool = False,
    concurrency: int = CONCURRENCY,
    per_second: float = PER_SECOND,
) -> Endpoint:
    """Send webhooks to ``url`` from now on.

    Raises:
        BadInput: when it is no address, or something is wanted that there isn't.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{redact_url(url)} is no address to post to.", fix="Give one that begins with https://")
    wants = wants or Wants()
    if unknown := [name for name in wants.types if name not in WEBHOOKS]:
        raise BadInput(f"There are no webhooks of type {unknown[0]!r}.", fix=f"There are: {', '.join(WEBHOOKS)}.")
    if concurrency < 1 or per_second <= 0:
        raise BadInput("An endpoint takes at least one request at a time, and more than none a second.")
    endpoint_id = f"ep_{randomness.token_hex(8)}"
    connection.execute(
        insert(webhook_endpoints).values(
            id=endpoint_id,
            url=url,
            description=description,
            wants=wants.model_dump(mode="json"),
            secrets=[Secret(value=keys_of(connection).seal(new_secret())).model_dump(mode="json")],
            ordered=ordered,
            concurrency=concurrency,
            per_second=per_second,
            state="active",
            failures_in_a_row=0,
            created_at=now,
            changed_at=now,
        )
    )
    return find(connection, endpoint_id)


def endpoints(connection: Connection) -> Sequence[Endpoint]:
    """All of them, the oldest first."""
    query = select(webhook_endpoints).order_by(webhook_endpoints.c.created_at, webhook_endpoints.c.id)
    keys = keys_of(connection)
    return [_endpoint(row, keys) for row in connection.execute(query).mappings()]


def find(connection: Connection, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """One of them; with ``lock``, nobody else changes it until the transaction ends (deliveries may still refer to it).

    Raises:
        BadInput: when there is none with this id.
    """
    query = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).mappings().first()
    if row is None:
        raise BadInput(f"No endpoint has the id {endpoint_id!r}.", fix="'firstword webhooks list' shows the ids.")
    return _endpoint(row, keys_of(connection))


def change(connection: Connection, endpoint_id: str, now: datetime, **values: object) -> None:
    """Write some columns of an endpoint."""
    connection.execute(
        update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id).values(changed_at=now, **values)
    )


def rotate(connection: Connection, endpoint_id: str, now: datetime, overlap: timedelta = OVERLAP) -> str:
    """Give an endpoint a new secret; those before it sign beside it for ``overlap``. Returns the new one."""
    endpoint = find(connection, endpoint_id, lock=True)
    ends = now + overlap
    value = new_secret()
    fresh = Secret(value=endpoint.keys.seal(value))
    former = [
        Secret(value=secret.value, until=min(secret.until or ends, ends))
        for secret in endpoint.secrets
        if secret.until is None or secret.until > now
    ]
    kept = [secret for secret in former if secret.until is not None and secret.until > now]
    change(connection, endpoint_id, now, secrets=[one.model_dump(mode="json") for one in (fresh, *kept)])
    return value


def remove(connection: Connection, endpoint_id: str) -> Endpoint:
    """Forget an endpoint, what waits for it, and its log."""
    endpoint = find(connection, endpoint_id, lock=True)
    of_endpoint = select(webhook_deliveries.c.id).where(webhook_deliveries.c.endpoint_id == endpoint_id)
    connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(of_endpoint)))
    connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.endpoint_id == endpoint_id))
    connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))
    return endpoint


def unsealed(connection: Connection) -> int:
    """How many secrets are not sealed with the newest key, though there is one."""
    keys = keys_of(connection)
    stored = connection.execute(select(webhook_endpoints.c.secrets)).scalars()
    return sum(not keys.newest_sealed(secret.value) for one in stored for secret in _SECRETS.validate_python(one))


def seal_all(connection: Connection) -> int:
    """Seal every secret with the newest key; returns how many could not be read, and stay as they are."""
    keys, locked = keys_of(connection), 0
    query = select(webhook_endpoints.c.id, webhook_endpoints.c.secrets).order_by(webhook_endpoints.c.id)
    for endpoint_id, stored in connection.execute(query.with_for_update()).all():
        anew = []
        for secret in _SECRETS.validate_python(stored):
            try:
                sealed = secret.value if keys.newest_sealed(secret.value) else keys.seal(keys.open(secret.value))
            except LockedSecret:
                sealed, locked = secret.value, locked + 1
            anew.append(Secret(value=sealed, until=secret.until).model_dump(mode="json"))
        if anew != stored:
            of_endpoint = webhook_endpoints.c.id == endpoint_id
            connection.execute(update(webhook_endpoints).where(of_endpoint).values(secrets=anew))
    return locked


def _endpoint(row: RowMapping, keys: Keys) -> Endpoint:
    left_out = ("wants", "secrets", "keys")
    plain = {name: row[name] for name in Endpoint.__dataclass_fields__ if name not in left_out}
    secrets = _SECRETS.validate_python(row["secrets"])
    return Endpoint(wants=Wants.model_validate(row["wants"]), secrets=secrets, keys=keys, **plain)
