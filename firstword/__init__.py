"""Firstword: the product around the services."""
