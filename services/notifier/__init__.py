"""Alerts in, reviewed messages out: drafts, the account manager's desk, contact policy, delivery."""
