"""The vector index of each space; the only package that imports FAISS."""
