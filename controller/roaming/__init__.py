"""Roaming: which realms are other operators', and at which home servers their users are known."""
