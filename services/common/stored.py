"""The base of values that are kept as JSON in a processor's state."""

from __future__ import annotations

from pydantic import ConfigDict

from schemas.base import Model

__all__ = ["StoredModel"]


class StoredModel(Model):
    """A frozen value in a stored state. A field that is renamed keeps its stored key as its alias."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)
