"""The methods of an open library, by subject."""
