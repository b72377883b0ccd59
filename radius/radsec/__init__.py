"""RADIUS over TLS ("RadSec", RFC 6614 and draft-ietf-radext-radiusdtls-bis): server and client."""
