"""Shared kernel: no Wi-Fi words, imports nothing else of kolco's."""
