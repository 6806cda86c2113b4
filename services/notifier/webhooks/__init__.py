"""Webhooks as in the Standard Webhooks specification: signed, sent at least once, retried for three days."""
