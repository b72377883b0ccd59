"""The inventory of access points: where each stands, what state it is in, commands to it."""
