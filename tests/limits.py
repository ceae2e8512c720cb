"""How long a test waits before it calls something a hang."""

# A busy machine does in minutes what a quiet one does in a second; what hangs never does it.
HANG_SECONDS = 600.0
