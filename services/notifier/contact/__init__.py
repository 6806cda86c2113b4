"""Contact rules: quiet hours, working days, the weekly budget, blackouts and promised contact. Pure."""
