"""Results as text, tables, JSON and files."""
