"""Finds the watched names, topics and queries that an item mentions."""
