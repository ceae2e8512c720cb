"""What several servers over one library in PostgreSQL share: jobs, uploads, and who leads."""
