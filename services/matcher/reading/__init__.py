"""What an item says about each watched name: claim, event, impact, role."""
