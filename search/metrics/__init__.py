"""Metrics of pairs and sets of music and picture: does this music fit this picture?"""
