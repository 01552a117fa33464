"""What an entry of ``policies:`` says."""

from typing import Literal

from websakctl.model.entry import Entry
from websakctl.model.types import Text


class PolicyEntry(Entry, frozen=True, kw_only=True):
    """One entry of ``policies:``."""

    match: Text  # JMESPath over the plan as JSON
    message: Text
    severity: Literal["error", "warning"] = "error"
