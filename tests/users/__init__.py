"""Users: their files, the import from HR, and the way into Websak and out of it."""
