"""Sessions as NASes serve them: how they are named there, ended, and changed while they go on."""
