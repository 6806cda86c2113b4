"""Channels for outgoing messages, one module each; all pass the same contract tests."""
