"""The health of each feed: its status, the reason, and how to fix it. Pure."""
