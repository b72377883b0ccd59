"""A whole city on one machine: simulated access points, and phones and a gateway in network namespaces."""
