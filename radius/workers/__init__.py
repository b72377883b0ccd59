"""RADIUS answered by several processes on the same ports: their parent, what each runs, how they talk."""
