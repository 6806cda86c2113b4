"""Clients from tables that other programs export: read the file, map its columns, and plan what an import changes."""
