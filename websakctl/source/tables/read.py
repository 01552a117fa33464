"""Read a file as tables; the one way in for every table that somebody hands in."""

from pathlib import Path

from websakctl.source.tables.delimited import read_delimited
from websakctl.source.tables.file_kind import MAX_BYTES, open_workbook
from websakctl.source.tables.table import Table, TableError
from websakctl.source.tables.workbook import read_workbook


def read_tables(path: Path, *, hidden: bool = False) -> tuple[Table, ...]:
    """Read every table of a file: the one of a CSV, or each visible sheet of a workbook that holds something.

    Args:
        path: The file.
        hidden: Whether to read hidden sheets too.

    Raises:
        TableError: If it cannot be read, or holds no table.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TableError(f"{path.name} is larger than {MAX_BYTES // 2**20} MB", "split it by district")
        raw = path.read_bytes()
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror}", "check the path and its permissions") from None
    parts = open_workbook(raw, path.name)
    if parts is None:
        return (read_delimited(raw, path.name),)
    with parts:
        return read_workbook(parts, path.name, hidden=hidden)
