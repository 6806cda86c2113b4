"""Write the software bill of materials: what is in Firstword, as CycloneDX 1.6 in JSON.

    python -m scripts.sbom OUTPUT [--version VERSION]

It is made from the locks, deploy/licenses.csv and the model files, and from nothing else: the same checkout gives the
same bytes. Packages of requirements.txt are required; those that only the stack needs are optional. A hash is that
of a file that may be installed, one for each platform.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

from scripts.licenses import read_licenses
from scripts.locked import ROOT, LockedPackage, read_lock

#: Of which the serial number is derived.
NAMESPACE = uuid.UUID("b4f31e6e-6a70-5c0e-9b0b-2f8a54e1d0a1")
#: Trained models, which are shipped in the wheel.
MODELS = ("services/matcher/**/*.onnx", "services/matcher/**/*.npz")


def bill(root: Path, version: str) -> dict[str, Any]:
    """Return the bill of materials of the checkout at ``root`` as ``version``."""
    required = {package.name for package in read_lock(root / "requirements.txt")}
    packages = read_lock(root / "requirements-stack.txt")
    licenses = read_licenses(root / "deploy" / "licenses.csv")
    firstword = f"pkg:pypi/firstword@{version}"
    document: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": firstword,
                "name": "firstword",
                "version": version,
                "purl": firstword,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [
            *(_component(package, licenses.get(package.name), package.name in required) for package in packages),
            *_models(root),
        ],
        "dependencies": _dependencies(firstword, packages),
    }
    content = json.dumps(document, sort_keys=True).encode()
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(NAMESPACE, hashlib.sha256(content).hexdigest())}"
    return document


def _component(package: LockedPackage, license: str | None, is_required: bool) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "scope": "required" if is_required else "optional",
        "purl": package.purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.hashes],
    }
    if license is not None:
        component["licenses"] = [{"expression": license}]
    if package.marker is not None:
        component["properties"] = [{"name": "firstword:environment-marker", "value": package.marker}]
    return component


def _models(root: Path) -> list[dict[str, Any]]:
    files = sorted(file for pattern in MODELS for file in root.glob(pattern))
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": file.relative_to(root).as_posix(),
            "name": file.relative_to(root).as_posix(),
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}],
        }
        for file in files
    ]


def _dependencies(firstword: str, packages: list[LockedPackage]) -> list[dict[str, Any]]:
    """Return who needs what; a package in two versions, for different platforms, is needed in both."""
    refs: dict[str, list[str]] = {"firstword": [firstword]}
    for package in packages:
        refs.setdefault(package.name, []).append(package.purl)
    needs: dict[str, set[str]] = {ref: set() for found in refs.values() for ref in found}
    for package in packages:
        for name in package.via:
            for ref in refs.get(name.partition(":")[0], [firstword]):
                needs[ref].add(package.purl)
    return [{"ref": ref, "dependsOn": sorted(on)} for ref, on in sorted(needs.items())]


def main() -> int:
    """Write the file."""
    parser = argparse.ArgumentParser(description="Write the software bill of materials (CycloneDX 1.6, JSON).")
    parser.add_argument("output", type=Path, help="the file to write, such as dist/firstword.cdx.json")
    parser.add_argument("--version", help="the version of Firstword (default: that of the installed checkout)")
    given = parser.parse_args()
    document = bill(ROOT, given.version or metadata.version("firstword"))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{given.output}: {len(document['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
