"""Pure decisions about a story, each with its reasons.

1. ``credibility.py`` grades the evidence on the Admiralty scale.
2. ``relevance.py`` scores the event for a client.
3. ``verdict.py`` decides: tell, warn, hold, correct or ignore. ``tuning.py`` has the client's thresholds.
4. ``alerts.py`` builds the alert; ``explanations.py`` adds how its item was read.

``outcomes.py`` reports how rumors end to their sources' track records.
"""
