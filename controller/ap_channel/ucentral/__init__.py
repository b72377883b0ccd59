"""The uCentral protocol of TIP OpenWiFi access points.

``messages``, ``compression``, ``errors`` and ``connection`` are sans-IO; ``handlers`` says what a
message means to us; ``registry`` knows who is connected; ``endpoint`` is the TLS websocket around it.
"""
