"""Decides who may connect: the guard before all requests, and the token."""
