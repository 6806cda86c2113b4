"""Publishers, their grades and track records, and the origin of each statement."""
