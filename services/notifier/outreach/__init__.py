"""Decides what to write to a client, when, and why. Pure."""
