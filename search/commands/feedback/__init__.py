"""The commands that refine searches by what is liked and disliked."""
