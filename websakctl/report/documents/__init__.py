"""Documents for districts, from templates: what lacks is named, and nothing is guessed."""
