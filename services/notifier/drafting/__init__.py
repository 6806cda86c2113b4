"""From an alert to a message worth sending: news, meaning, opinion, question. Pure; words and rules are data."""
