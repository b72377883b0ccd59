"""Ways to log in, one module each."""
