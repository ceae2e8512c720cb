"""Files of a library that cannot be made again: in its folder, or in its database."""
