"""Reads the packs that ship with Firstword. Nobody reads a feed of them until somebody adds the pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.feeds import Feed
from services.common.errors import BadInput
from services.ingest.opml import read_opml

__all__ = ["Pack", "find_pack", "shipped_packs"]

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Pack:
    """A set of feeds under a name, and its ``title`` for people."""

    name: str
    title: str
    feeds: tuple[Feed, ...]


def shipped_packs() -> Sequence[Pack]:
    """Return all packs, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.opml"))]


def find_pack(name: str) -> Pack:
    """Return the pack of this name.

    Raises:
        BadInput: there is none.
    """
    packs = {pack.name: pack for pack in shipped_packs()}
    if name not in packs:
        raise BadInput(f"There is no pack {name!r}.", fix=f"Choose one of {', '.join(packs)}.")
    return packs[name]


def _read(path: Path) -> Pack:
    listing = read_opml(path.read_bytes(), path.name)
    return Pack(path.stem, listing.title or path.stem, listing.feeds)
