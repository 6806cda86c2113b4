"""The account manager's inbox: what is in it, grouped, filtered and put aside."""
