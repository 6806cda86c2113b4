"""The data on one client: where it is, a copy of all of it, and its erasure."""
