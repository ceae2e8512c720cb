"""The words of a query: languages, spelling, tags, and lines that contain them."""
