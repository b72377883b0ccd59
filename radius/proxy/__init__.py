"""Handing requests on to the home servers of other operators' users, and their answers back."""
