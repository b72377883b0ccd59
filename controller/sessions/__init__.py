"""Who is online now: sessions start, are used and end; each step is accounted and told."""
