"""Search over drafts, stories, clients and holdings."""
