"""Image encoders and classifiers."""
