"""Accounts whose volume of the day or month is used up: found, kept, and known where logins are decided."""
