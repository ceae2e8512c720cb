"""Pages to keep a library in order: review of versions, quality, index runs."""
