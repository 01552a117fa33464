"""Shared words: address, resource, state, kind, and the marks on a kind's fields."""
