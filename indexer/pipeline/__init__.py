"""A folder of files into a library, kept up to date."""
