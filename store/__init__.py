"""What is kept: the nouns, the catalogue and the vectors; the only package that opens the database."""
