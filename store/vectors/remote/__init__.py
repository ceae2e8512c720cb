"""What vector indexes on servers share."""
