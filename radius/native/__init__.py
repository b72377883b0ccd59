"""The compiled hot path: the same modules by mypyc. It makes RADIUS quicker and changes nothing else."""
