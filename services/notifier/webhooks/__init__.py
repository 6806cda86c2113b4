"""Webhooks after the Standard Webhooks specification: at least once, signed, retried for three days, replayable."""
