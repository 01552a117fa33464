"""One declarative setup for the Websak that Oslo's fifteen districts share."""

__version__ = "0.1.0"
EVENTS = "WEBSAKCTL_EVENTS"  # the file to which an apply writes what it tells its observer
LIFELINE = "WEBSAKCTL_LIFELINE"  # set for a command that is to end when its stdin does
