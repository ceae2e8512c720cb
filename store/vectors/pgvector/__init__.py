"""Vector indexes in PostgreSQL, by pgvector."""
