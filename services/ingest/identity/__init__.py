"""Which item an entry is: canonical addresses, repeats, revisions."""
