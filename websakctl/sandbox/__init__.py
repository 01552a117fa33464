"""A Websak to practise on: a real HTTP server with a real database, written from the published contracts alone."""
