"""Items and the client book in, alerts out: what is mentioned and claimed, how far to believe it, whom it concerns."""
