"""What is written to a client and why: one step of the drafting processor at a time. Pure."""
