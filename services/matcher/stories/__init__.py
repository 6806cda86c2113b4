"""Which items are about the same event: similarity, threads, and the evidence of each."""
