"""Readiness, capacity and batches: rules over states. Pure."""
