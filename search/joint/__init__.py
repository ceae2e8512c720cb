"""Joint spaces of a library: in each, a picture is near the sound that fits it."""
