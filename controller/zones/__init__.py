"""The rings of the city as polygons, and the zone that follows from coordinates."""
