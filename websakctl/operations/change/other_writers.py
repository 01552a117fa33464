"""Signs that somebody else writes users: what has changed since our last run, and no run of ours wrote."""

from collections.abc import Callable, Collection, Iterable
from datetime import date

import msgspec

from websakctl.apply.entries import Entry
from websakctl.model.address import Address

KIND = "user"


class Signs(msgspec.Struct, frozen=True, kw_only=True):
    """``since``: the day of our last run; ``foreign``: codes of users that others changed; ``unlisted``: those in no file."""

    since: date
    foreign: tuple[str, ...]
    unlisted: int


def signs_of_other_writers(
    entries: Iterable[Entry],
    environment: str,
    changed_since: Callable[[date], Iterable[str]],
    listed: Collection[str],
    digest: Callable[[str], str] | None,
) -> Signs | None:
    """What of the users has changed that no run of ours wrote; ``None``: nothing was applied from here.

    Args:
        entries: Of the journal.
        environment: Whose runs count.
        changed_since: Asks Websak for the codes of users changed on a day or later.
        listed: Codes in the files of users.
        digest: Makes what stands for a code in a shared journal; ``None``: codes stand there.
    """
    runs: dict[str, str] = {}
    written: dict[str, str] = {}  # when a user was last written, by code or what stands for it
    for entry in entries:
        if entry.what == "start" and entry.body.get("environment") == environment:
            runs[entry.run] = entry.at
        if entry.run in runs and entry.address is not None and entry.address.startswith(f"{KIND}/"):
            written[Address.parse(entry.address).key] = entry.at
    if not runs:
        return None
    since = date.fromisoformat(max(runs.values())[:10])
    ours = {code for code, at in written.items() if at[:10] >= since.isoformat()}
    foreign = sorted(
        code for code in changed_since(since) if code not in ours and (digest is None or digest(code) not in ours)
    )
    return Signs(since=since, foreign=tuple(foreign), unlisted=sum(1 for code in foreign if code not in listed))
