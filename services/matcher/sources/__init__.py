"""Who published an item, on whose word, and how reliable they are."""
