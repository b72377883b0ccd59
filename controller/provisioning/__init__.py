"""From WLANs, sites and access points to the configuration each access point shall run.

``merge``, ``render``, ``validate`` and ``diff`` are pure; ``service`` stores the result. Sending it is
the access point channel's work.
"""
