"""The language of queries: parts at one moment, one after the other, or left out, as text."""
