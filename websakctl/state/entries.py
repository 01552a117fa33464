"""What one batch of the shared journal holds, and how it stands in a file of the branch."""

from typing import Any

import msgspec

from websakctl.state.branch import StateError

FORMAT_VERSION = 1


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal. ``at`` is RFC 3339 in UTC."""

    run: str
    at: str
    what: str
    address: str | None = None
    body: dict[str, Any] = {}


class KnownRow(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as it was last applied."""

    address: str
    fields: dict[str, Any]
    protected: bool = False


class AcceptedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A value that the server turned into another one, which was accepted."""

    address: str
    path: str
    wanted: Any
    made: Any


class Transaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one write to the journal added and changed, all or nothing. ``number`` is the clone's own count."""

    number: int = 0
    entries: tuple[Entry, ...] = ()
    applied: tuple[KnownRow, ...] = ()
    gone: tuple[str, ...] = ()  # addresses that are no longer managed
    accepted: tuple[AcceptedRow, ...] = ()
    plan: tuple[str, str, str] | None = (
        None  # a saved plan's identity, the run that applies it, and when it was claimed
    )


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the branch: what one clone added with one push, in order."""

    format_version: int = FORMAT_VERSION
    environment: str
    clone: str  # the state directory that it comes from
    transactions: tuple[Transaction, ...]


def encode(batch: Batch) -> bytes:
    """Write a batch; the same batch gives the same bytes."""
    return msgspec.json.encode(batch, order="deterministic") + b"\n"


def decode(content: bytes, path: str, environment: str) -> Batch:
    """Read a file of the branch.

    Raises:
        StateError: If it is no batch of this format, or one of another environment.
    """
    try:
        batch = msgspec.json.decode(content, type=Batch)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise StateError(f"{path} of the state branch cannot be read: {error}", "websakctl state verify") from None
    if batch.format_version != FORMAT_VERSION:
        raise StateError(
            f"{path} of the state branch has format version {batch.format_version}, and this websakctl reads {FORMAT_VERSION}",
            "use the version of websakctl that wrote it, or a newer one",
        )
    if batch.environment != environment:
        raise StateError(
            f"{path} of the state branch belongs to environment {batch.environment}, not {environment}",
            "give each environment a state_branch of its own in config/websak.yaml",
        )
    return batch


def encode_transaction(transaction: Transaction) -> str:
    """Write one transaction as JSON."""
    return msgspec.json.encode(transaction).decode()


def decode_transaction(text: str) -> Transaction:
    """Read one transaction from JSON.

    Raises:
        msgspec.DecodeError: If it is none.
    """
    return msgspec.json.decode(text, type=Transaction)
