"""Deliveries to clients: recorded before they are sent, never repeated automatically if the outcome is unknown."""
