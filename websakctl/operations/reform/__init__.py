"""A district reform on paper: where everything goes, the config that it comes to, and what it would mean."""
