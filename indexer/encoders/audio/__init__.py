"""Audio encoders and classifiers."""
