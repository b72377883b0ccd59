"""The gateway at the edge: DHCP, DNS, the captive redirect and the packet gate of one place.

It decides nothing about people. Who is online is in the database; this package makes the kernel
agree with it, and turns the kernel's counters into accounting.
"""
