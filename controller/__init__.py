"""The controller: provisions and watches the access points, and holds what all daemons share."""
