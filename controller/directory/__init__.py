"""Who may use the network: accounts, identities, devices, credentials, vouchers, plans."""
