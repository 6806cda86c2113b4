"""Carries what a house knows from one database to another: out into one file, and in again, checked on the way."""
