"""What is PostgreSQL's own: its address, connections, errors, locks and tables."""
