"""How each feed is doing, and what to do about it."""
