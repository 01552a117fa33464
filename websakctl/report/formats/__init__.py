"""One file per output format; ``--format`` lists this folder."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from websakctl.report.view_models import Look, Subject


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A way to write: the subjects it can write, each with its function."""

    renders: Mapping[type[Any], Callable[[Any, Look], str]]

    def render(self, subject: Subject, look: Look) -> str:
        """Write the subject; ends without a line feed.

        Raises:
            KeyError: If this format cannot write such a subject.
        """
        return self.renders[type(subject)](subject, look)
