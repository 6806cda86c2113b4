"""Asks a language model that the firm named to read public news a second time, and reports whether it disagrees."""
