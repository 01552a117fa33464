"""Text out: what is shown, and one file per output format."""
