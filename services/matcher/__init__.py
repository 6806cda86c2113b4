"""Items and the client book in, alerts out: what is mentioned, what is claimed, how far to believe it, whom it concerns."""
