"""How well a library answers: queries with known answers, metrics on ranks, and the report."""
