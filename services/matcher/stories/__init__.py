"""Group items into stories: recognize reports of the same event.

``assignment.py`` is the entry point and calls the other modules in this order:

1. ``signature.py`` reduces an item to the words, names and figures that are compared.
2. ``window.py`` picks the most similar story (``story.py``) about the watched entity; ``similarity.py`` scores.
3. ``linking.py`` finds the running story that reports the same event in different words, by kind and time.
4. ``not_news.py`` flags satire, advertising, opinion and old items.
5. ``merging.py`` adds the item to the story's thread (``threads.py``) as evidence (``evidence.py``).

``index.py`` does step 2 over all items at once, for replay and evaluation.
"""
