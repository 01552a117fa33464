"""One declarative setup for the Websak that Oslo's fifteen districts share."""

__version__ = "0.1.0"
