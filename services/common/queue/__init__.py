"""The durable work queue: work is recorded before it starts, claimed by one worker, retried, and recovered."""
