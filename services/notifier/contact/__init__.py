"""When a client may be written to: quiet hours, working days, a weekly budget, deadlines. Pure."""
