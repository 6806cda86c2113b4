"""The peculiarities of each trade, read from files: whom a firm of it advises, on what, and in which words."""
