"""Fetching feeds, and discovering the feeds of a web page."""
