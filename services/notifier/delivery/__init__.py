"""What leaves the house: recorded before it goes, looked into when nobody can say how it ended, never sent twice."""
