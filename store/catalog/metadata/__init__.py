"""What tags and side-car files say of videos, in the catalogue."""
