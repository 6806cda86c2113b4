"""Compares what a text says with what its evidence says."""
