"""Check the licenses of the locked packages against deploy/licenses.csv, or write that table again.

    python -m scripts.licenses [--write]

The table has a row for each package: its license as an SPDX expression, and what the package declares. A package that
is not in the table, declares something else than it did, or has a license that is not allowed fails the check.
``--write`` fills in what packages declare; where that is no SPDX expression, the license is UNKNOWN
until a person has read it.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from scripts.locked import ROOT, read_lock

#: Licenses under which we may ship or depend on a package. LGPL and MPL: unchanged, and used as libraries.
ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-3.0-only", "MIT", "MIT-0"),
        *("MPL-2.0", "PSF-2.0", "Zlib", "LicenseRef-Repoze"),
    }
)
UNKNOWN = "UNKNOWN"
TABLE = ROOT / "deploy" / "licenses.csv"
LOCK = ROOT / "requirements-stack.txt"


def read_licenses(path: Path) -> dict[str, str]:
    """Return the license of each package in the table."""
    return {row["package"]: row["license"] for row in _rows(path)}


def problems(names: Iterable[str], table: Iterable[Mapping[str, str]], declared: Mapping[str, str | None]) -> list[str]:
    """Return what is wrong, as sentences with the fix. ``declared``: by package; None if it is not installed here."""
    rows, found = {row["package"]: row for row in table}, []
    wanted = set(names)
    for name in sorted(wanted | rows.keys()):
        row = rows.get(name)
        if row is None:
            found.append(f"{name} has no row. Run python -m scripts.licenses --write, and read its license.")
        elif name not in wanted:
            found.append(f"{name} is not locked any more. Run python -m scripts.licenses --write.")
        elif refused := sorted(set(_ids(row["license"])) - ALLOWED):
            found.append(f"{name}: {', '.join(refused)} is not allowed. Use another package, or ask for a decision.")
        elif (now := declared.get(name)) is not None and now != row["declared"]:
            found.append(f"{name} declares {now!r} now, not {row['declared']!r}. Read its license, then --write.")
    return found


def _ids(expression: str) -> list[str]:
    return [word for word in re.split(r"[\s()]+", expression) if word and word not in ("AND", "OR", "WITH")]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _declared(name: str) -> str | None:
    """Return what the installed package declares, on one line; None if it is not installed."""
    try:
        fields = metadata.distribution(name).metadata
    except metadata.PackageNotFoundError:
        return None
    stated = next((fields[name].strip() for name in ("License-Expression", "License") if name in fields), "")
    listed = [line.rpartition(" :: ")[2] for line in fields.get_all("Classifier") or () if line.startswith("License")]
    return " ".join((stated or "; ".join(listed)).split())[:60]


def _write(names: Iterable[str]) -> None:
    known = {row["package"]: row for row in _rows(TABLE)} if TABLE.exists() else {}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ("package", "license", "declared"), lineterminator="\n")
        writer.writeheader()
        for name in sorted(set(names)):
            declared, row = _declared(name), known.get(name)
            if row is not None and declared in (None, row["declared"]):
                writer.writerow(row)
                continue
            license = declared if declared and set(_ids(declared)) <= ALLOWED else UNKNOWN
            writer.writerow({"package": name, "license": license, "declared": declared or ""})


def main() -> int:
    """Check or write."""
    parser = argparse.ArgumentParser(description="Check the licenses of the locked packages.")
    parser.add_argument("--write", action="store_true", help="write deploy/licenses.csv again, keeping what is decided")
    names = [package.name for package in read_lock(LOCK)]
    if parser.parse_args().write:
        _write(names)
    found = problems(names, _rows(TABLE), {name: _declared(name) for name in names})
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(set(names))} packages, {len(found)} problems with licenses")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
