"""EAP as a server speaks it (RFC 3748): packets, TLS methods, what they carry inside. No input or output."""
