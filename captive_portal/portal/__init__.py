"""The central captive portal: pages on which a citizen proves who they are and gets a session.

It opens no gate itself: a started session is an event in the outbox, and gateways hear it.
"""
