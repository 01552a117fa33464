"""Commands for the sandbox, connections and credentials."""
