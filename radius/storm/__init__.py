"""What to do when more is asked than can be answered: who goes first, who waits, who is dropped. Pure."""
