"""The people and programs that may use the API: roles and tokens."""
