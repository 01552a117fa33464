"""Verbs for bringing districts in, and for what belongs to them."""
