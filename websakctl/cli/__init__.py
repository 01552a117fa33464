"""Options into one operation, one report and one exit code."""
