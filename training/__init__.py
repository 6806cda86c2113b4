"""Training data and tools for the model that reads news. Not part of the installed package."""
