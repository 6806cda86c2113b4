"""Where the examples lie that ship with the product: the sample book, the sample newswire, feeds to start with."""

from __future__ import annotations

from pathlib import Path

__all__ = ["example"]


def example(name: str) -> Path:
    """The path of an example file: within the installed package, or beside it in a checkout.

    Raises:
        FileNotFoundError: when the installation lacks it, which is a fault of the packaging.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "examples", package.parent / "examples"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(f"the installation lacks examples/{name}")
