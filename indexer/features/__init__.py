"""One file in, its features out: decoder and encoders side by side."""
