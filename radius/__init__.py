"""RADIUS for the city's access points: who may join, for how long, and how much was used."""
