"""Imports of tables: the file until it is applied, how it is read, and what came of it."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, String, Table, Text

from services.common.db import UtcDateTime
from services.notifier.tables import metadata

__all__ = ["client_imports"]

client_imports = Table(
    "client_imports",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("user_id", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("content", LargeBinary),  # null once it is applied
    Column("format", String(20), nullable=False),  # services.notifier.client_import.formats.FormatName
    Column("columns", JSON, nullable=False),  # their names
    Column("sample", JSON, nullable=False),  # the cells of the first rows
    Column("mapping", JSON, nullable=False),  # the field of each column, or an empty text
    Column("options", JSON, nullable=False),  # services.notifier.client_import.plan.ImportOptions
    Column("status", String(10), nullable=False),  # services.notifier.client_import.store.ImportStatus
    Column("total", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    Column("counts", JSON, nullable=False),
    Column("problems", JSON, nullable=False),  # of RowProblem
    Column("applied_at", UtcDateTime),
    Column("undone_at", UtcDateTime),
    Index(None, "at"),
)
