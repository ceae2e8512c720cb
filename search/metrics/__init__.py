"""Published metrics for pairs and sets of music and pictures."""
