"""The space of two towers, in which pictures and sound of the same time are near each other."""
