"""What runs the one pipeline: in one process on SQLite, or in memory over a file of items."""
