"""Which watched names stand where in an item."""
