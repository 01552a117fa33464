"""Verbs that read and write the config."""
