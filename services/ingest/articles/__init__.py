"""Articles on their pages: for the items of feeds that have only headlines or teasers, where somebody wants that."""
