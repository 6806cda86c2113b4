"""Items that programs put into inlets, the channels of items that come from no feed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field

from schemas.base import InWords, Model, Utc

__all__ = ["MOST_PUSHED", "PushedItem"]

#: Items in one request.
MOST_PUSHED = 100
_Name = Annotated[str, Field(max_length=200)]


def _readable(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise ValueError("must be a web address that begins with https:// or http://")
    return url.strip()


class PushedItem(Model):
    """An item that a program puts into an inlet.

    ``id`` is its sender's own id. Without it the ``url`` identifies the item, and without both its title and date do.
    An item of the same identity and other content is a revision. Texts may contain markup, which is removed.
    ``publisher`` is what the item says of its publisher: it is shown as a claim, and changes no grade.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_readable)]
    id: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_readable)] | None = None
    url: Annotated[str, Field(max_length=4_096), AfterValidator(_web_address)] | None = None
    summary: Annotated[str, Field(max_length=20_000)] | None = None
    body: Annotated[str, Field(max_length=100_000)] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$")] | None = None
    published_at: Annotated[Utc, InWords] | None = None
    updated_at: Annotated[Utc, InWords] | None = None
    authors: Annotated[tuple[_Name, ...], Field(max_length=50)] = ()
    categories: Annotated[tuple[_Name, ...], Field(max_length=50)] = ()
    publisher: _Name | None = None
