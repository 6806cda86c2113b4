"""Feed bytes to items: formats, character sets, dates, clean text."""
