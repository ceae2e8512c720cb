"""The methods of libraries that refine searches, on this machine and on a server."""
