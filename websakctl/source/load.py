"""Read a config repository: as it was found the last time where nothing has changed, else by parsing and building it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from websakctl.source.configuration import Configuration
from websakctl.source.documents import Documents, Files, parse_files, read_files


def load_configuration(
    root: Path, today: date | None = None, instead: Mapping[str, str] | None = None, kept_in: Path | None = None
) -> Configuration:
    """Read the repository below ``root``.

    Args:
        root: The folder that holds ``config/`` and ``districts/``.
        today: The day on which overrides are judged; ``None`` judges none.
        instead: Texts of files of users by path, taken for what stands there.
        kept_in: A folder in which the outcome is kept, and taken from while all files are the same; ``None``: none.
    """
    files = read_files(root, instead)
    if kept_in is None:
        return _built(files, today)[0]
    from websakctl.source import recalling

    try:
        key = recalling.fingerprint(files, today)
    except OSError:  # the tool's own code is in no folder: whether it is the same cannot be told
        return _built(files, today)[0]
    found = recalling.recalled(kept_in, key, files, lambda: _built(files, today)[0])
    if found is None:
        found, documents = _built(files, today)
        recalling.keep(kept_in, key, found, documents)
    return found


def _built(files: Files, today: date | None) -> tuple[Configuration, Documents]:
    from websakctl.source.building import build  # with the rules, which most commands find no use for

    documents = parse_files(files)
    return build(documents, today), documents
