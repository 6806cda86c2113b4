"""The contract between Firstword's services, and with consumers of its webhooks: events, topics, webhook bodies."""
