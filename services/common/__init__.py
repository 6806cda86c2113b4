"""What any service may use and that knows nothing of news or clients: errors, clock, http, logs, processing."""
