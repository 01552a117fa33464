"""The repository itself: its pages, its make targets, its imports."""
