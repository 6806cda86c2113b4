"""Offers other words for a draft by an optional language model, within the same checks."""
