"""Checks a whole library, in a folder or in a database, and repairs what can be made again."""
