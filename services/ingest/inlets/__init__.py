"""Ways for items to come in that are not feeds."""
