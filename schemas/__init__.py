"""The contract between Firstword's services, and with those who consume its webhooks."""
