"""The database of the catalogue: connection, tables, columns and migrations."""
