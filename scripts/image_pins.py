"""Pin the images that the stack is made of by their digests (scripts/pin_images).

A tag such as ``postgres:17-trixie`` names whatever was published last; a digest names one image for ever. Digests come
from a registry, so they can't be kept here for everybody: a mirror may have another copy.
``deploy/compose.pinned.yml`` is therefore written where the stack runs, as an overlay that changes nothing but images.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from scripts.locked import ROOT

__all__ = ["NotPinned", "named_images", "overlay", "problems"]

OUTPUT = Path("deploy") / "compose.pinned.yml"
_DIGEST = re.compile(r"^(?P<name>[^\s@]+)@sha256:(?P<digest>[0-9a-f]{64})$")
_BASE = re.compile(r"^ARG PYTHON_IMAGE=(?P<image>\S+)$", re.MULTILINE)
_HEAD = """\
# Written by scripts/pin_images: the images of the stack by digest. scripts/compose adds it to docker-compose.yml.
"""


class NotPinned(Exception):
    """An image has no digest that can be found; the message says which, and what to do."""


def named_images(root: Path) -> tuple[dict[str, str], str]:
    """Return the published image of each service that is not built here, and the base image of those that are."""
    services = yaml.safe_load((root / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    published = {name: service["image"] for name, service in services.items() if "build" not in service}
    base = _BASE.search((root / "deploy" / "Dockerfile").read_text(encoding="utf-8"))
    if base is None:
        raise NotPinned("deploy/Dockerfile names no base image: it needs a line ARG PYTHON_IMAGE=….")
    return published, base["image"]


def overlay(root: Path, digest_of: Callable[[str], str]) -> dict[str, Any]:
    """Return the overlay. ``digest_of`` returns the digest of an image, as ``name@sha256:…``.

    Raises:
        NotPinned: an image has no digest.
    """
    published, base = named_images(root)
    pinned = {image: _with_tag(image, digest_of(image)) for image in sorted({*published.values(), base})}
    services: dict[str, Any] = {name: {"image": pinned[image]} for name, image in sorted(published.items())}
    return {"services": services | {name: _build(pinned[base]) for name in _built(root)}}


def problems(root: Path, written: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a written overlay, as sentences; it must pin what the stack names now, by digest."""
    published, base = named_images(root)
    services = written.get("services") or {}
    found = [f"{name}: docker-compose.yml has no such service." for name in services if name not in _all(root)]
    wanted = {**published, **dict.fromkeys(_built(root), base)}
    for name, image in sorted(wanted.items()):
        service = services.get(name) or {}
        if image is base and name not in published:
            pinned = ((service.get("build") or {}).get("args") or {}).get("PYTHON_IMAGE", "")
        else:
            pinned = service.get("image", "")
        match = _DIGEST.match(str(pinned))
        if match is None:
            found.append(f"{name}: {image} is not pinned by a digest (name:tag@sha256: and 64 hexadecimal digits).")
        elif match["name"] != image:
            found.append(f"{name}: {match['name']} is pinned, and the stack names {image}.")
    return found


def _all(root: Path) -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((root / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return services


def _built(root: Path) -> list[str]:
    return sorted(name for name, service in _all(root).items() if "build" in service)


def _build(image: str) -> dict[str, Any]:
    return {"build": {"args": {"PYTHON_IMAGE": image}}}


def _with_tag(image: str, found: str) -> str:
    """Return the image with its tag, which people read, and its digest, which counts."""
    match = _DIGEST.match(found)
    if match is None:
        raise NotPinned(f"{image}: {found!r} is no digest.")
    return f"{image}@sha256:{match['digest']}"


def _digest_of(image: str) -> str:
    """Return the digest under which the engine pulled ``image``, pulling it if it is not there."""
    if _docker("image", "inspect", image) is None and _docker("pull", "--quiet", image) is None:
        raise NotPinned(f"{image} can't be pulled. Check the engine's access to the registry.")
    found = _docker("image", "inspect", "--format", "{{range .RepoDigests}}{{println .}}{{end}}", image) or ""
    repository = image.rpartition(":")[0].rpartition("/")[2]
    for line in found.splitlines():
        if _DIGEST.match(line) and line.partition("@")[0].rpartition("/")[2] == repository:
            return line
    raise NotPinned(f"{image} has no digest: it was built here, not pulled. Pull the published image, then try again.")


def _docker(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError as error:
        raise NotPinned(
            f"Docker can't be run: {error.strerror}. Install it, or run this where the stack runs."
        ) from None
    return done.stdout if done.returncode == 0 else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the overlay."""
    parser = argparse.ArgumentParser(prog="scripts/pin_images", description="Pin the stack's images by their digests.")
    parser.add_argument("--check", action="store_true", help="compare the file with the images that are named now")
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"the file (default: {OUTPUT})")
    given = parser.parse_args(arguments)
    file = ROOT / given.output
    try:
        if not given.check:
            written = overlay(ROOT, _digest_of)
            file.write_text(_HEAD + yaml.safe_dump(written, sort_keys=True), encoding="utf-8")
            print(f"Wrote {given.output}: {len(written['services'])} services. Review it, and keep it.")
            return 0
        found = problems(ROOT, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except NotPinned as problem:
        print(problem, file=sys.stderr)
        return 1
    except (OSError, yaml.YAMLError, AttributeError) as problem:
        print(f"{given.output} can't be read: {problem}. To fix it: run scripts/pin_images.", file=sys.stderr)
        return 1
    for line in found:
        print(line, file=sys.stderr)
    print(
        f"{given.output}: "
        + (f"{len(found)} problems. Run scripts/pin_images again." if found else "every image pinned")
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
