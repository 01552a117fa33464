"""What is done to a resource: by itself, since more is loaded with the word than with what a plan is made of."""

from enum import StrEnum


class Action(StrEnum):
    """What is done to one resource."""

    CREATE = "create"
    UPDATE = "update"
    ACTIVATE = "activate"  # it was retired and is wanted again
    DEACTIVATE = "deactivate"
    DELETE = "delete"

    @property
    def removes(self) -> bool:
        """Whether the resource is gone or retired afterwards."""
        return self in (Action.DEACTIVATE, Action.DELETE)
