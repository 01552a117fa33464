"""Read a config repository: parse its files and build what they come to."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from websakctl.source.configuration import Configuration


def load_configuration(
    root: Path, today: date | None = None, instead: Mapping[str, str | None] | None = None
) -> Configuration:
    """Read the repository below ``root``.

    Args:
        root: The folder that holds ``config/`` and ``districts/``.
        today: The day on which overrides are judged; ``None`` judges none.
        instead: Texts by path, taken for what stands there; ``None``: as if the file were not there.
    """
    from websakctl.source.building import build  # with the rules, which most commands find no use for
    from websakctl.source.documents import read_documents

    return build(read_documents(root, instead), today)
