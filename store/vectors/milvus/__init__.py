"""Vectors on a Milvus server, beside a catalogue in PostgreSQL."""
