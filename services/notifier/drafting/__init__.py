"""From an alert to a message worth sending: news, meaning, opinion, question. Pure; wording and rules are data."""
