"""Text encoders for lyrics."""
