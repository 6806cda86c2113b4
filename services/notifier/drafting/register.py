"""Chooses the register of a message: its length, its tone, and how calm it is. The facts stay the same. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal, cast

from schemas.clients import Client, Style
from services.notifier.drafting.data_files import read_yaml

__all__ = ["Register", "register_of", "styles_in", "urges", "without_urging"]


@dataclass(frozen=True, slots=True)
class Register:
    """The register of a message. ``brief``: fewer sentences; ``detailed``: with date and figure; ``calm``: not urging.

    ``tone`` is how advice is introduced.
    """

    brief: bool = False
    detailed: bool = False
    calm: bool = False
    tone: Literal["default", "formal", "plain"] = "default"


def register_of(client: Client) -> Register:
    """Return the register for ``client``: by the styles in the book, or else what their personality plainly says.

    An upset client is written to calmly. Styles that contradict each other cancel out.
    """
    styles = frozenset(client.styles) if client.styles else styles_in(client.personality or "")
    brief, detailed = "brief" in styles, "detailed" in styles
    plain, formal = bool(styles & {"warm", "brief"}), "formal" in styles
    return Register(
        brief=brief and not detailed,
        detailed=detailed and not brief,
        calm=client.mood == "upset" or "cautious" in styles,
        tone="default" if plain == formal else "formal" if formal else "plain",
    )


@lru_cache(maxsize=1024)
def styles_in(personality: str) -> frozenset[Style]:
    """Return the styles that a free text on a personality plainly names; what it denies or describes is not plain."""
    parts = re.split(r"[,;.:/\n]|\band\b|\bbut\b", personality.casefold().replace("’", "'"))
    bare = [re.sub(rf"^(?:{_data()['intensifiers']}\s+)+", "", " ".join(part.split())) for part in parts]
    return frozenset(
        cast("Style", style)
        for style, phrases in _data()["styles"].items()
        if any(re.fullmatch(phrases, part) for part in bare)
    )


def urges(text: str) -> bool:
    """Return whether ``text`` urges the reader to hurry."""
    return re.search(_data()["urging"], text, re.IGNORECASE) is not None


def without_urging(text: str) -> str:
    """Return ``text`` without the words that urge."""
    return re.sub(_data()["urging"], "", text, flags=re.IGNORECASE)


@cache
def _data() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml("words", "registers.yaml")
    return raw
