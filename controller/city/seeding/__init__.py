"""Puts a planned city into the database, all at once and as often as asked."""
