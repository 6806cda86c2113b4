"""Text as the matcher sees it: normalized words, phrases, language, word lists."""
