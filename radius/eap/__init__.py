"""EAP as the server runs it: who is in the middle of it, and who decides. The protocol is elsewhere."""
