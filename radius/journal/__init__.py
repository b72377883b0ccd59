"""The write-ahead journal: accounting is safe on disk before it is acknowledged, then applied in bulk."""
