"""Firstword's three services: ingest, matcher, notifier. They are strangers to each other and meet in ``schemas``."""
