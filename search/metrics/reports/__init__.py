"""The evaluation of a folder of results by several metrics at once."""
