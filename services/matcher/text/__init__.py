"""Text as the matcher reads it: normalized words, phrases, sentences, language and word lists."""
