"""The client book as account managers change it: fields, history, and imports. It is read and checked by a port."""
