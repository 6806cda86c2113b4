"""Account managers' digests and urgent notices: what they hold, how they read, when they go out."""
