"""RADIUS clients (NAS): which devices may ask, and with which shared secret."""
