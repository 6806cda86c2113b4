"""One module per way out of the house; each passes the same contract tests."""
