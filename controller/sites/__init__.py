"""Districts and the sites in them: the places where access points hang."""
