"""How a citizen comes online: the redirect at the edge (gateway) and the central web page (portal).

The two processes share only the redirect handle (`captive_portal.handles`). Accounts, sessions and
the database live in `controller`.
"""
