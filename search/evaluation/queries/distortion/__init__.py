"""What is done to a query: to its picture, its sound, its speed and its words."""
