"""Carry out a plan: journal, attempt, isolate failures."""
