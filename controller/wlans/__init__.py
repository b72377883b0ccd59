"""The wireless networks on the air: their names, security and where they are offered."""
