"""What an entry of ``policies:`` says."""

from typing import Literal

from websakctl.model.shape import Managed
from websakctl.model.types import Text


class PolicyEntry(Managed):
    """One entry of ``policies:``."""

    match: Text  # JMESPath over the plan as JSON
    message: Text
    severity: Literal["error", "warning"] = "error"
