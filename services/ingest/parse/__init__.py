"""Parsing of feeds: bytes in any format and encoding → clean items. Pure."""
