"""The client book as account managers change it: its fields, its history, and the port that reads and checks it."""
