"""Group items into stories: recognize reports of the same event.

``assignment.py`` is the entry point and calls the other modules in this order:

1. ``signature.py`` reduces an item to the words, names and figures that are compared, ``embedding.py`` to its meaning.
2. ``window.py`` picks the story about the watched entity (``story.py``) whose event the item reports; ``pairwise.py``
   says how probably two items are of one event, ``similarity.py`` which texts are near-copies.
3. ``union.py`` unites stories that turn out to be one.
4. ``not_news.py`` flags satire, advertising, opinion and old items.
5. ``merging.py`` adds the item to the story's thread (``threads.py``) as evidence (``evidence.py``).

``all_items_index.py`` does step 2 over all items at once, for replay and evaluation. ``model/`` holds the weights.
"""
