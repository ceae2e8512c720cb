"""What is asked: query parts, their vectors, words and tags."""
