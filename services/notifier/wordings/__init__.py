"""Other words for drafts, from a language model if there is one: asked for, judged, offered; never used by itself."""
