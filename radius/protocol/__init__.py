"""RADIUS on the wire, without IO: bytes and the time go in, events and bytes come out."""
