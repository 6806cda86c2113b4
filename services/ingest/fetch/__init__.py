"""Fetches feeds, and finds the feeds of a page."""
