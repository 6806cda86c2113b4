"""Other names of medicines: the generic names of a brand, and the brands of a generic name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from services.matcher.lexicon import read_table

__all__ = ["medicine_names"]

#: A strength or pack size after the name: "Metformin 500 mg".
_STRENGTH = re.compile(r"\s+\d.*$")


def medicine_names(name: str) -> tuple[str, ...]:
    """Return the other names under which news speaks of the medicine ``name``; none if it is not a known medicine.

    For a brand these are its generic names, for a generic name its brands as well: whoever takes Humira is concerned by
    news on adalimumab, but not by news on another maker's brand of it. Generic names are in lower case: they are found
    in any letter case, even where the book writes a capital.
    """
    written = " ".join(name.split())
    known = _names().get(_STRENGTH.sub("", written).casefold(), ())
    lower = written.casefold()
    return tuple(other for other in known if other.casefold() != lower or (other == lower and written != lower))


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    """Return the names of each medicine, its own among them, by its name in lower case."""
    found: dict[str, tuple[str, ...]] = {}
    for row in read_table("medicines.csv"):
        also, brands = (tuple(filter(None, row[column].split(";"))) for column in ("also", "brands"))
        generics = (row["generic"], *also)
        for brand in brands:
            found.setdefault(brand.casefold(), (brand, *(also if row["broad"] else generics)))
        for generic in generics:
            found[generic] = (*generics, *brands)
    return found
