"""What addresses and requests ask for, as queries of the API."""
