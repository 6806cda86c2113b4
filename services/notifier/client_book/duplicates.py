"""Find clients who may be one and the same, by what they share: address, phone number or name. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

from schemas.clients import Client
from services.notifier.folding import fold_name

__all__ = ["KINDS", "Candidate", "DuplicateGroup", "KeyKind", "duplicate_groups", "duplicate_keys_of"]

KeyKind = Literal["email", "phone", "name"]
KINDS: tuple[KeyKind, ...] = ("email", "phone", "name")
#: Digits by which phone numbers are compared: those before differ with how the country is written, or not.
PHONE_DIGITS, LEAST_DIGITS = 9, 7
VALUE_LIMIT = 300
_NO_DIGIT = re.compile(r"\D+", re.ASCII)
_TITLES = frozenset({"dr", "miss", "mr", "mrs", "ms", "prof", "professor", "sir"})


class Candidate(NamedTuple):
    """A client who shares something with another: their name and organization, and what is shared, by kind."""

    id: str
    name: str
    organisation: str
    keys: Mapping[KeyKind, str]


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Clients who may be one and the same, by id, and the kinds of what they share."""

    ids: tuple[str, ...]
    shared: tuple[KeyKind, ...]


def duplicate_keys_of(client: Client) -> dict[KeyKind, str]:
    """Return what another entry of the same client is likely to have too."""
    words = fold_name(client.name)
    digits = _NO_DIGIT.sub("", client.contact.phone or "")
    keys: dict[KeyKind, str] = {
        "email": (client.contact.email or "").strip().casefold(),
        "phone": digits[-PHONE_DIGITS:] if len(digits) >= LEAST_DIGITS else "",
        "name": " ".join(sorted([word for word in words if word not in _TITLES] or words)),
    }
    return {kind: value[:VALUE_LIMIT] for kind, value in keys.items() if value}


def duplicate_groups(
    candidates: Sequence[Candidate], distinct: Collection[tuple[str, str]]
) -> tuple[DuplicateGroup, ...]:
    """Return the groups of clients who may be one, each client in one group at most.

    ``distinct`` are pairs of whom somebody said that they are two, the lesser id first.
    """
    by_id = {candidate.id: candidate for candidate in candidates}
    leaders = {client_id: client_id for client_id in by_id}
    shared: defaultdict[str, set[KeyKind]] = defaultdict(set)
    found: list[tuple[str, KeyKind]] = []
    for kind, members in _sharing(candidates):
        for lesser, greater in combinations(sorted(members), 2):
            if (lesser, greater) not in distinct and _may_be_one(by_id[lesser], by_id[greater], kind):
                found.append((lesser, kind))
                leaders[_leader(leaders, greater)] = _leader(leaders, lesser)
    for client_id, kind in found:
        shared[_leader(leaders, client_id)].add(kind)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for client_id in sorted(leaders):
        groups[_leader(leaders, client_id)].append(client_id)
    return tuple(
        DuplicateGroup(tuple(ids), tuple(kind for kind in KINDS if kind in shared[leader]))
        for leader, ids in sorted(groups.items(), key=lambda group: group[1])
        if len(ids) > 1
    )


def _sharing(candidates: Iterable[Candidate]) -> Iterator[tuple[KeyKind, list[str]]]:
    having: defaultdict[tuple[KeyKind, str], list[str]] = defaultdict(list)
    for candidate in candidates:
        for kind, value in candidate.keys.items():
            having[kind, value].append(candidate.id)
    for (kind, _), members in having.items():
        yield kind, members


def _may_be_one(one: Candidate, other: Candidate, kind: KeyKind) -> bool:
    """Return whether what two clients share says so: offices share a number, and many people a name."""
    if kind == "phone":
        return not _words(one.name).isdisjoint(_words(other.name))
    if kind == "name":
        return not one.organisation or not other.organisation or _words(one.organisation) == _words(other.organisation)
    return True


def _words(text: str) -> frozenset[str]:
    return frozenset(fold_name(text))


def _leader(leaders: dict[str, str], client_id: str) -> str:
    while leaders[client_id] != client_id:
        leaders[client_id] = leaders[leaders[client_id]]
        client_id = leaders[client_id]
    return client_id
