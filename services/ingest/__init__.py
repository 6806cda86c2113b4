"""The ingest service (feeds → items): polls feeds, publishes new and revised items, and reports each feed's health."""
