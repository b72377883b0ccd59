"""One module per subject: database rows in, metric families out. No queries and no sockets here."""
