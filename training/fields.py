"""The fields of a label and their values: those of a reading, and the upshot for a client."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.network import TELL_VALUES

__all__ = ["FIELDS"]

FIELDS: Mapping[str, tuple[str, ...]] = {**FIELD_VALUES, "tell": TELL_VALUES}
