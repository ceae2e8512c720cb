"""Videos in, features out."""
