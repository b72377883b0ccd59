"""Sending text messages: one interface, a spool for simulated cities, SMPP for a real SMS centre."""
