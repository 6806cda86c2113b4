"""What is particular to each trade: whom a firm of it advises, on what, and in which words. Read from files."""
