"""Renderers: one module per configuration format, each a pure function of an intent."""
