"""What became of the opinions that went out: the answer, the course of the story, what followed on the same thing."""
