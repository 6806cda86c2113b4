"""Turns items and the client book into alerts: what is mentioned, how credible it is, and which clients it concerns."""
