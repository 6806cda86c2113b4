"""Identity of items: ids, canonical URLs, copies and revisions."""
