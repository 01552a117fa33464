"""What is recorded of Altinn's access management: kept beside the districts' users, outside git, and judged by day."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from websakctl.files import write_whole
from websakctl.kinds.user import KIND as USER
from websakctl.model.address import Address
from websakctl.rollout.altinn import Evidence, People, Person, Proof, age_problem, incomplete, judge_access
from websakctl.rollout.routing import Route, routes
from websakctl.source.configuration import Configuration
from websakctl.source.documents import USERS

FILE = f"{USERS}/altinn-access.json"  # the folder is in .gitignore: it names persons
_VERSION = 1


class _Recorded(msgspec.Struct, frozen=True, kw_only=True):
    format_version: int
    evidence: Evidence


def people_of(config: Configuration) -> People:
    """Everybody whom the config lists, with their days: those too who start later or have left."""
    return People((_person(a, user.fields, config) for a, user in (config.state | config.dormant).items() if a.kind == USER.name), config.with_users)  # fmt: skip


def _person(address: Address, fields: Mapping[str, Any], config: Configuration) -> Person:
    user = f"{address.scope}/{address.key}"
    leave = fields.get("leave") or {}
    first = leave.get("first_day")
    return Person(
        user=user,
        name=fields["name"],
        first=_first_post(fields.get("primary"), config) or user,
        ends=config.config_only.get(address, {}).get("valid_to"),
        away=(first, leave.get("last_day")) if first else None,
    )


def _first_post(code: str | None, config: Configuration) -> str | None:
    if code is None:
        return None
    every = config.state.keys() | config.dormant.keys()
    return next((f"{a.scope}/{a.key}" for a in every if a.kind == USER.name and a.key == code), None)


def read_proof(root: Path, config: Configuration, today: date) -> Proof:
    """Read what is recorded, and judge every number by it. What cannot be read proves nothing."""
    try:
        raw = (root / FILE).read_bytes()
    except FileNotFoundError:
        return Proof()
    except OSError as error:
        return Proof(flaw=f"{FILE} cannot be read ({error.strerror})")
    try:
        recorded = msgspec.json.decode(raw, type=_Recorded)
        flaw = age_problem(recorded.evidence, today, config.settings.altinn.max_age_days)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return Proof(flaw=f"{FILE} is not whole, or was changed by hand")
    if recorded.format_version != _VERSION:
        return Proof(flaw=f"{FILE} was written by another version of websakctl")
    return proof_of(recorded.evidence, flaw, config, today)


def proof_of(evidence: Evidence, flaw: str | None, config: Configuration, today: date) -> Proof:
    """What an export says of every number of the config."""
    every: tuple[Route, ...] = routes(config.whole, today, config.examples, config.config_only)
    return Proof(
        flaw=flaw or "",
        doubt=incomplete(evidence) or "",
        taken_on=evidence.taken_on,
        taken_by=evidence.taken_by,
        access=judge_access(every, config.districts, evidence, people_of(config), today),
    )


def with_users(evidence: Evidence, config: Configuration) -> Evidence:
    """The same, with the listed user of each holder, so that it shows when the user is no longer listed."""
    people = people_of(config)
    found = tuple(msgspec.structs.replace(h, user=people.user_of(h.holder)) for h in evidence.holdings)
    return msgspec.structs.replace(evidence, holdings=found)


def complete_before(root: Path, evidence: Evidence) -> Evidence | None:
    """The complete export that is recorded, if this one is not complete and would take its place."""
    if not evidence.unread:
        return None
    try:
        recorded = msgspec.json.decode((root / FILE).read_bytes(), type=_Recorded)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    usable = recorded.format_version == _VERSION and not recorded.evidence.unread
    return recorded.evidence if usable else None


def record(root: Path, evidence: Evidence) -> str:
    """Write it where gates look for it, for its owner only; gives the path below the root.

    Raises:
        OSError: If it cannot be written.
    """
    (root / USERS).mkdir(exist_ok=True, mode=0o700)
    text = msgspec.json.format(msgspec.json.encode(_Recorded(format_version=_VERSION, evidence=evidence)), indent=1)
    write_whole(root / FILE, text + b"\n")
    return FILE
