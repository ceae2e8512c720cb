"""The options that commands share: defaults, completion, examples and parsing."""
