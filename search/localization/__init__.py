"""Where in a video a query lies."""
