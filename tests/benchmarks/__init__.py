"""Benchmarks: `python -m tests.benchmarks.<name>` measures one part beside a peer and prints JSON."""
