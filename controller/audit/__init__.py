"""The audit log: which operator did what to which object, and when."""
