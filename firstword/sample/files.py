"""Find the example files that ship with Firstword: the sample book, the sample newswire, and a list of feeds."""

from __future__ import annotations

from pathlib import Path

__all__ = ["example"]


def example(name: str) -> Path:
    """Return the path of an example file, in the installed package or beside it in a checkout.

    Raises:
        FileNotFoundError: the package lacks the file, which is a packaging error.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "examples", package.parent / "examples"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"examples/{name} is missing from this installation")
