"""Commands that read and write the config."""
