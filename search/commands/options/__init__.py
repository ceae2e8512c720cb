"""Options that commands share: their defaults, completion, examples and effect."""
