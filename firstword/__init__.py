"""Firstword tells account managers what to tell their clients, before the clients call."""

from importlib.metadata import version

__version__ = version("firstword")
