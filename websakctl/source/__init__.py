"""YAML files into a desired state, with a position for everything."""
