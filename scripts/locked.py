"""Read the locked packages: names, versions, hashes, markers, and what each is needed by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "LockedPackage", "read_lock"]

ROOT = Path(__file__).resolve().parents[1]
_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A pinned package. ``marker`` says on which platforms it is needed; ``via`` are the names of those who need it."""

    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]
    via: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The package URL, by which databases of vulnerabilities know it."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_lock(path: Path) -> list[LockedPackage]:
    """Return the packages of a lock file that ``make lock`` wrote, in its order.

    Raises:
        ValueError: a line is none of a lock file; the message names file and line.
    """
    packages = [_package(block, path, number) for number, block in _blocks(path)]
    if not packages:
        raise ValueError(f"{path}: no package is pinned in this file.")
    return packages


def _blocks(path: Path) -> Iterator[tuple[int, list[str]]]:
    start, block = 0, list[str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line and not line[0].isspace() and not line.startswith("#"):
            if block:
                yield start, block
            start, block = number, [line]
        elif block:
            block.append(line.strip())
        elif line.strip():
            raise ValueError(f"{path}:{number}: this line belongs to no package.")
    if block:
        yield start, block


def _package(block: list[str], path: Path, number: int) -> LockedPackage:
    found = _PIN.match(block[0])
    if found is None:
        raise ValueError(f"{path}:{number}: this is no pinned package: {block[0]!r}. Run `make lock` again.")
    via = [line.lstrip("# ").removeprefix("via").strip() for line in block[1:] if line.startswith("#")]
    return LockedPackage(
        re.sub(r"[-_.]+", "-", found["name"]).lower(),
        found["version"],
        found["marker"],
        tuple(sorted(_HASH.findall("\n".join(block)))),
        tuple(sorted(re.sub(r" \(.*\)$", "", name) for name in via if name and not name.startswith("-c "))),
    )
