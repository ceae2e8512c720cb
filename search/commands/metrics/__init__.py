"""The commands of the metrics of music and pictures."""
