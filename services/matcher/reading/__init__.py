"""Reads an item: what it claims and on whose authority, what happened, and the part each party has in it."""
