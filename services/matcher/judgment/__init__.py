"""Pure decisions about a story: credibility, relevance, verdict, and the reasons for each."""
