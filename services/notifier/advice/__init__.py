"""Opinions that were sent, and their outcomes: the client's answer, the course of the story, and later news."""
