"""The Python API over a library that a server holds: requests, answers and jobs."""
