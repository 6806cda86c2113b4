"""The embedded event log and processor states, and the migrations of every service's tables."""
