"""When a client may be contacted: quiet hours, working days, the weekly budget, blackouts, promised contact. Pure."""
