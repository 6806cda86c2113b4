"""Move an installation: export everything it knows to one file, and import that file elsewhere."""
