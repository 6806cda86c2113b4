"""Packs: named sets of official feeds that ship with Firstword, each an OPML file in this folder."""
