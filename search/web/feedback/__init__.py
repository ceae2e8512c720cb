"""The endpoints and pages of searches that are refined by what is liked and disliked."""
