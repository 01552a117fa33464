"""Carrying changes out: plan and apply, apply a saved plan, resume; and what they record of it."""
