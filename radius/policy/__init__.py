"""Policy: rules of the city's engineers on who is let in by RADIUS, and on which terms."""
