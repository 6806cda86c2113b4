"""The database: event log, outbox, processor states, dead letters, and the migrations of all tables."""
