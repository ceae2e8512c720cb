"""What is kept: nouns, catalogue and vectors; the only package that opens the database."""
