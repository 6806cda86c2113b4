"""When each feed is polled next. Pure."""
