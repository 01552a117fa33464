"""State shared through a branch of the config's git remote: journal entries, the lock, and nothing about people in clear."""
