"""Simulated access points: a city's worth of uCentral clients in one process.

They speak the real protocol over real mutual TLS; only the radio and the people are invented.
Nothing here is used by a production controller.
"""
