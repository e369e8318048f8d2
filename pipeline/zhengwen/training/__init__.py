"""Learning from labelled articles, and measuring what was learnt."""
