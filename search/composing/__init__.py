"""Music that is generated for a picture: its caption, and the result with its file."""
