"""Network keys of single devices (MPSK): which key a device has, and telling it to the access point."""
