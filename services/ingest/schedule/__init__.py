"""The polling schedule of each feed. Pure."""
