"""Ask a database of vulnerabilities about the locked packages.

    python -m scripts.audit_dependencies [--database FILE_OR_FOLDER] [--required]

Without ``--database``, osv.dev is asked, once for all packages. ``--database`` reads OSV records from a folder or a ZIP
archive, as osv.dev publishes them for PyPI: for machines without that way out.

Exit codes: 0 nothing known · 1 a package is vulnerable · 75 nothing could be asked, and a line says so; with
``--required`` or AUDIT_REQUIRED=true that is 1. Findings that do not concern us are in
deploy/accepted_vulnerabilities.csv, each with a reason and a day from which it counts again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
from packaging.version import InvalidVersion, Version

from scripts.locked import ROOT, LockedPackage, read_lock

__all__ = ["Accepted", "Finding", "NotReachable", "ask", "judge", "look_up", "read_accepted", "read_database"]

OSV = "https://api.osv.dev/v1/querybatch"
LOCKS = ("requirements-stack.txt", "requirements-dev.txt")
ACCEPTED = ROOT / "deploy" / "accepted_vulnerabilities.csv"
NOT_CHECKED = 75  # EX_TEMPFAIL
SECONDS = 20.0


class NotReachable(Exception):
    """The database of vulnerabilities could not be asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A known vulnerability of a locked package; ``summary`` is empty where the database gives only ids."""

    package: LockedPackage
    id: str
    summary: str = ""
    fixed: tuple[str, ...] = ()

    def __str__(self) -> str:
        fix = f" Fixed in {', '.join(self.fixed)}: make lock ARGS=--upgrade." if self.fixed else ""
        return f"{self.package.name} {self.package.version}: {self.id}. {self.summary}".rstrip() + fix


@dataclass(frozen=True, slots=True)
class Accepted:
    """A vulnerability that does not concern us, as of now."""

    id: str
    package: str
    until: date
    reason: str


def ask(packages: Sequence[LockedPackage], client: httpx.Client, url: str = OSV) -> list[Finding]:
    """Ask ``url`` about all packages at once.

    Raises:
        NotReachable: it does not answer, or not as expected.
    """
    queries = {"queries": [{"package": {"purl": package.purl}} for package in packages]}
    try:
        response = client.post(url, json=queries, timeout=SECONDS)
        response.raise_for_status()
        results = response.json()["results"]
        if len(results) != len(packages):
            raise NotReachable(f"{url} answered about {len(results)} of {len(packages)} packages.")
        return [
            Finding(package, vulnerability["id"])
            for package, result in zip(packages, results, strict=True)
            for vulnerability in (result or {}).get("vulns") or ()
        ]
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotReachable(f"{url} can't be asked: {str(error) or type(error).__name__}") from None


def read_database(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the OSV records in a folder or a ZIP archive.

    Raises:
        NotReachable: it can't be read, or holds no record.
    """
    found = False
    try:
        for text in _files(path):
            found = True
            yield json.loads(text)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise NotReachable(f"{path} can't be read: {error}") from None
    if not found:
        raise NotReachable(f"{path} holds no record (*.json).")


def _files(path: Path) -> Iterator[str]:
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield file.read_text(encoding="utf-8")
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                yield archive.read(name).decode("utf-8")


def look_up(packages: Iterable[LockedPackage], records: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return what ``records`` know about the packages. A withdrawn record counts no more."""
    by_name: dict[str, list[LockedPackage]] = {}
    for package in packages:
        by_name.setdefault(package.name, []).append(package)
    found = []
    for record in records:
        if record.get("withdrawn"):
            continue
        for affected in record.get("affected", ()):
            named = affected.get("package", {})
            if named.get("ecosystem") != "PyPI":
                continue
            name = re.sub(r"[-_.]+", "-", named.get("name", "")).lower()
            for package in by_name.get(name, ()):
                if _is_affected(package.version, affected):
                    fixed = tuple(sorted({event["fixed"] for event in _events(affected) if "fixed" in event}))
                    found.append(Finding(package, record["id"], str(record.get("summary") or ""), fixed))
    return found


def _events(affected: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    for span in affected.get("ranges", ()):
        if span.get("type") == "ECOSYSTEM":
            yield from span.get("events", ())


def _is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    if version in affected.get("versions", ()):
        return True
    here = Version(version)
    for span in affected.get("ranges", ()):
        if span.get("type") == "ECOSYSTEM" and _is_in(here, span.get("events", ())):
            return True
    return False


def _is_in(version: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """Return whether the last event up to ``version`` introduced the vulnerability."""
    inside = False
    for event in events:
        (kind, text), *_ = event.items()
        try:
            at = Version("0") if text == "0" else Version(text)
        except InvalidVersion:
            continue
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def judge(
    findings: Iterable[Finding], accepted: Iterable[Accepted], today: date
) -> tuple[list[Finding], list[Accepted]]:
    """Return the findings that nobody has accepted for today, and the acceptances that no finding needs any more."""
    standing = {(entry.id, entry.package): entry for entry in accepted}
    left, needed = [], set()
    for finding in findings:
        entry = standing.get((finding.id, finding.package.name))
        if entry is not None:
            needed.add(entry)
        if entry is None or entry.until <= today:
            left.append(finding)
    return left, [entry for entry in standing.values() if entry not in needed]


def read_accepted(path: Path) -> list[Accepted]:
    """Return the accepted vulnerabilities.

    Raises:
        ValueError: a row has no reason or no day; the message names file and line.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader, found = csv.DictReader(file), []
        for row in reader:
            try:
                entry = Accepted(row["id"], row["package"], date.fromisoformat(row["until"]), row["reason"].strip())
            except (ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"{path}:{reader.line_num}: {error}. Write id,package,YYYY-MM-DD,reason.") from None
            if not entry.reason:
                raise ValueError(f"{path}:{reader.line_num}: {entry.id} has no reason.")
            found.append(entry)
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, and print what is found."""
    parser = argparse.ArgumentParser(description="Ask a database of vulnerabilities about the locked packages.")
    parser.add_argument("--database", type=Path, help="a folder or ZIP archive of OSV records, instead of osv.dev")
    parser.add_argument("--required", action="store_true", help="fail if nothing can be asked (or AUDIT_REQUIRED=true)")
    given = parser.parse_args(arguments)
    packages = sorted(
        {package for lock in LOCKS for package in read_lock(ROOT / lock)}, key=lambda one: (one.name, one.version)
    )
    packages = list({package.purl: package for package in packages}.values())
    try:
        if given.database is not None:
            findings, source = look_up(packages, read_database(given.database)), str(given.database)
        else:
            with httpx.Client() as client:
                findings, source = ask(packages, client), "osv.dev"
    except NotReachable as problem:
        print(f"NOT CHECKED: {len(packages)} packages for vulnerabilities. {problem}", file=sys.stderr)
        print("To fix it: allow the way out, or give OSV records with --database.", file=sys.stderr)
        required = given.required or os.environ.get("AUDIT_REQUIRED", "").casefold() in ("1", "true", "yes")
        return 1 if required else NOT_CHECKED
    left, unneeded = judge(findings, read_accepted(ACCEPTED), datetime.now(UTC).date())
    for finding in left:
        print(finding, file=sys.stderr)
    for entry in unneeded:
        print(f"{ACCEPTED.name}: {entry.id} of {entry.package} is not found any more; remove it.", file=sys.stderr)
    print(
        f"{len(packages)} packages asked at {source}: {len(findings)} known vulnerabilities, {len(left)} not accepted"
    )
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
