"""The database of the catalogue: connection, tables, columns, migrations."""
