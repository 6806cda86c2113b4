"""Webhook endpoints: their addresses, subscriptions and secrets. Two secrets are valid while one is replaced."""

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
    "Subscription",
    "add",
    "all_endpoints",
    "change",
    "count_unsealed",
    "find",
    "new_secret",
    "remove",
    "rotate",
    "seal_all",
]

#: The previous secret stays valid for this long beside the new one.
OVERLAP = timedelta(hours=24)
CONCURRENCY = 4
PER_SECOND = 50.0
#: The length of a secret in bytes (Standard Webhooks: between 24 and 64).
SECRET_BYTES = 32


class Subscription(Model):
    """The messages that an endpoint wants: those that match every list that isn't empty.

    ``clients`` and ``entities`` match only messages about one of them, and so exclude messages about neither (a silent
    feed).
    """

    types: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()

    def matches(self, type: str, client_id: str | None, entity_id: str | None) -> bool:
        """Return whether such a message is wanted."""
        return (
            (not self.types or type in self.types)
            and (not self.clients or client_id in self.clients)
            and (not self.entities or entity_id in self.entities)
        )


class Secret(Model):
    """A sealed secret (``whsec_…`` inside). A former one is valid until ``until``; the current one has no end."""

    value: str
    until: Utc | None = None

    def __repr__(self) -> str:
        return f"Secret(until={self.until})"

    __str__ = __repr__


_SECRETS = TypeAdapter(tuple[Secret, ...])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook endpoint. With ``ordered`` it gets one message at a time, each after the one before is settled."""

    id: str
    url: str
    description: str
    wants: Subscription
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
        """Return the address without secrets, for people."""
        return redact_url(self.url)

    def signing(self, now: datetime) -> list[str]:
        """Return the secrets that are valid at ``now``, the newest first, without those that can't be unsealed.

        Raises:
            LockedSecret: none can be unsealed.
        """
        valid = [secret.value for secret in self.secrets if secret.until is None or secret.until > now]
        opened, locked = [], None
        for value in valid:
            try:
                opened.append(self.keys.open(value))
            except LockedSecret as error:
                locked = error
        if locked is not None and not opened:
            raise locked
        return opened


def new_secret() -> str:
    """Return a new random secret in the format of the reference libraries."""
    return f"whsec_{b64encode(randomness.token_bytes(SECRET_BYTES)).decode()}"


def add(
    connection: Connection,
    url: str,
    now: datetime,
    *,
    wants: Subscription | None = None,
    description: str = "",
    ordered: bool = False,
    concurrency: int = CONCURRENCY,
    per_second: float = PER_SECOND,
) -> Endpoint:
    """Add the endpoint ``url``.

    Raises:
        BadInput: the address, the subscription or a limit is not valid.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(
            f"{redact_url(url)} is not a valid webhook address.", fix="Use an address that begins with https://."
        )
    wants = wants or Subscription()
    if unknown := [name for name in wants.types if name not in WEBHOOKS]:
        raise BadInput(f"There are no webhooks of type {unknown[0]!r}.", fix=f"Choose from: {', '.join(WEBHOOKS)}.")
    if concurrency < 1 or per_second <= 0:
        raise BadInput("An endpoint's limits must allow at least one request at a time and more than zero per second.")
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


def all_endpoints(connection: Connection) -> Sequence[Endpoint]:
    """Return all endpoints, the oldest first."""
    query = select(webhook_endpoints).order_by(webhook_endpoints.c.created_at, webhook_endpoints.c.id)
    keys = keys_of(connection)
    return [_endpoint(row, keys) for row in connection.execute(query).mappings()]


def find(connection: Connection, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """Return one endpoint. With ``lock``, nobody else can change it until the transaction ends.

    Raises:
        BadInput: no endpoint has this id.
    """
    query = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).mappings().first()
    if row is None:
        raise BadInput(f"No endpoint has the id {endpoint_id!r}.", fix="'firstword webhooks list' shows the ids.")
    return _endpoint(row, keys_of(connection))


def change(connection: Connection, endpoint_id: str, now: datetime, **values: object) -> None:
    """Update columns of an endpoint."""
    connection.execute(
        update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id).values(changed_at=now, **values)
    )


def rotate(connection: Connection, endpoint_id: str, now: datetime, overlap: timedelta = OVERLAP) -> str:
    """Replace an endpoint's secret and return the new one; former secrets stay valid for ``overlap``."""
    endpoint = find(connection, endpoint_id, lock=True)
    ends = now + overlap
    value = new_secret()
    fresh = Secret(value=endpoint.keys.seal(value))
    former = [
        Secret(value=secret.value, until=min(secret.until or ends, ends))
        for secret in endpoint.secrets
        if secret.until is None or secret.until > now
    ]
    still_valid = [secret for secret in former if secret.until is not None and secret.until > now]
    change(connection, endpoint_id, now, secrets=[secret.model_dump(mode="json") for secret in (fresh, *still_valid)])
    return value


def remove(connection: Connection, endpoint_id: str) -> Endpoint:
    """Delete an endpoint with its waiting messages and its log."""
    endpoint = find(connection, endpoint_id, lock=True)
    of_endpoint = select(webhook_deliveries.c.id).where(webhook_deliveries.c.endpoint_id == endpoint_id)
    connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(of_endpoint)))
    connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.endpoint_id == endpoint_id))
    connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))
    return endpoint


def count_unsealed(connection: Connection) -> int:
    """Count the secrets that are not sealed with the newest key."""
    keys = keys_of(connection)
    stored = connection.execute(select(webhook_endpoints.c.secrets)).scalars()
    return sum(
        not keys.newest_sealed(secret.value) for secrets in stored for secret in _SECRETS.validate_python(secrets)
    )


def seal_all(connection: Connection) -> int:
    """Seal every secret with the newest key; return how many can't be unsealed, and stay as they are."""
    keys, locked = keys_of(connection), 0
    query = select(webhook_endpoints.c.id, webhook_endpoints.c.secrets).order_by(webhook_endpoints.c.id)
    for endpoint_id, stored in connection.execute(query.with_for_update()).all():
        resealed = []
        for secret in _SECRETS.validate_python(stored):
            try:
                sealed = keys.resealed(secret.value)
            except LockedSecret:
                sealed, locked = secret.value, locked + 1
            resealed.append(Secret(value=sealed, until=secret.until).model_dump(mode="json"))
        if resealed != stored:
            of_endpoint = webhook_endpoints.c.id == endpoint_id
            connection.execute(update(webhook_endpoints).where(of_endpoint).values(secrets=resealed))
    return locked


def _endpoint(row: RowMapping, keys: Keys) -> Endpoint:
    left_out = ("wants", "secrets", "keys")
    plain = {name: row[name] for name in Endpoint.__dataclass_fields__ if name not in left_out}
    secrets = _SECRETS.validate_python(row["secrets"])
    return Endpoint(wants=Subscription.model_validate(row["wants"]), secrets=secrets, keys=keys, **plain)
