"""Feeds in, items out: when to poll, how to fetch, how to read, what was seen before."""
