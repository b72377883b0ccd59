"""Load for a RADIUS server as access points make it: `kolco radius load`, and what the benchmarks use."""
