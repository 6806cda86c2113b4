"""The account manager's web app: drafts with the evidence behind them, and what becomes of each."""
