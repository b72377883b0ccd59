"""Legs: the parts of a session at one NAS, with what each has counted so far."""
