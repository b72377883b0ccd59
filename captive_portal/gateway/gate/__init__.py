"""The packet gate: who may pass, at what rate, and how much has passed."""
