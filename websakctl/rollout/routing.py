"""Where the mail to each sub-org number goes, what its route still lacks, and what that makes for the document centre."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from datetime import date
from typing import Any

import msgspec

from websakctl.kinds import entries
from websakctl.kinds.sub_org import SubOrg
from websakctl.kinds.user import User
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.rollout.access_packages import Package
from websakctl.rollout.batches import Batch, batch_of, in_order


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One number's mail: how it arrives today, where it is to go, and with which batch it moves.

    ``example``: nobody has confirmed it, so it passes no gate. ``gaps``: what lacks before mail can safely go that way; ``ended``: the number is no longer used, so nothing lacks.
    """

    orgnr: str
    name: str
    district: str
    unit: str | None
    channel: str
    arrives: str | None
    batch: str | None
    go_live: str | None
    readers: tuple[str, ...]
    confidential_readers: tuple[str, ...]
    daily_routine: str | None
    message_types: tuple[str, ...]  # none: all
    level: int | None
    ended: bool
    example: bool
    gaps: tuple[str, ...] = msgspec.field(name="holes")  # as JSON and the expressions of gates know it
    distributors: (
        int | None
    )  # users who pass its mail on, where it comes into Websak; ``None``: not said of the district
    steps: tuple[str, ...]  # what is left to do before the number can leave the way that its mail arrives today

    @property
    def moves(self) -> bool:
        """Whether its mail does not yet arrive the way that it is to go."""
        return not self.ended and self.arrives != self.channel


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How many numbers' mail comes which way once ``batch`` is live (``None``: today), by district.

    What goes through SvarInn is the document centre's to receive.
    """

    batch: str | None
    go_live: str | None
    ways: Mapping[str, Mapping[str, int]]  # district -> way -> numbers; ``unsaid`` where nobody has said how it arrives

    def total(self, way: str) -> int:
        """Numbers of all districts that come this way."""
        return sum(counts.get(way, 0) for counts in self.ways.values())


def routes(
    config: State,
    today: date,
    examples: Container[Address] = (),
    config_only: Mapping[Address, Mapping[str, Any]] = {},
) -> tuple[Route, ...]:
    """Every number with its route, those with gaps first, then by district and name.

    Args:
        config: All resources of the config.
        today: Numbers whose ``valid_to`` has passed have ended.
        examples: What is marked ``status: example``.
        config_only: Fields that never leave the config: who reads confidential mail is one.
    """
    batches = in_order(config)
    by_key = {batch.key: batch for batch in batches}
    by_district = batch_of(batches)
    distributors = _distributors(config)
    result = []
    for number in entries(SubOrg, config):
        batch = by_key.get(number.value.batch or "") or by_district.get(number.address.scope)
        counted = distributors.get(number.address.scope)
        example = number.address in examples
        own = config_only.get(number.address, {})
        confidential = tuple(own.get("confidential_readers") or ())
        result.append(
            _route(
                number.address.scope, number.value, batch, today,
                example=example, distributors=counted, confidential=confidential,
            )
        )  # fmt: skip
    return tuple(sorted(result, key=lambda r: (not r.gaps, r.ended, r.district, r.name, r.orgnr)))


def _distributors(config: State) -> dict[str, Counter[str]]:
    """How many users distribute the mail of each unit, by district; only districts of which a user says so are there."""
    result: dict[str, Counter[str]] = {}
    for user in entries(User, config):
        if user.value.distributes is not None:
            result.setdefault(user.address.scope, Counter()).update(user.value.distributes)
    return result


def _route(
    district: str,
    number: SubOrg,
    batch: Batch | None,
    today: date,
    *,
    example: bool,
    distributors: Counter[str] | None,
    confidential: tuple[str, ...],
) -> Route:
    ended = (number.valid_to or "9") < today.isoformat()
    ends_at_unit = number.channel == "svarinn" and number.unit is not None
    counted = distributors[number.unit or ""] if distributors is not None and ends_at_unit else None
    unrouted = () if ended else tuple(_gaps(number, batch, counted))
    return Route(
        orgnr=number.orgnr,
        name=number.name,
        district=district,
        unit=number.unit,
        channel=number.channel,
        arrives=number.arrives,
        batch=batch.key if batch else None,
        go_live=batch.go_live if batch else None,
        readers=tuple(number.readers),
        confidential_readers=confidential,
        daily_routine=number.daily_routine,
        message_types=tuple(number.message_types),
        level=number.level,
        ended=ended,
        example=example,
        gaps=unrouted,
        distributors=counted,
        steps=() if ended or number.arrives == number.channel else tuple(_steps(number, batch, confidential)),
    )


def _gaps(number: SubOrg, batch: Batch | None, distributors: int | None) -> Iterable[str]:
    if number.channel == "svarinn" and not number.unit:
        yield "no unit: what comes through SvarInn ends on no desk"
    if distributors == 0:
        yield f"no distributor: no user passes on the mail of {number.unit}"
    if number.channel == "altinn" and not number.readers:
        yield "no readers: nobody is said to read it in Altinn"
    if number.channel == "altinn" and not number.daily_routine:
        yield "no daily routine: nothing says that Altinn is read every day"
    if batch is None and number.arrives != number.channel:
        yield "no batch: nothing says when its mail moves"
    starts = number.valid_from
    if batch and batch.go_live and starts and starts > batch.go_live:
        yield f"the route holds from {starts}, after {batch.key} is live ({batch.go_live})"


def _steps(number: SubOrg, batch: Batch | None, confidential: tuple[str, ...]) -> Iterable[str]:
    when = f"once {batch.key} is ready" if batch else "once its batch is decided and ready"
    if number.channel == "svarinn":
        yield f"register the number with the receiving system (SvarUt configuration), {when} and not before"
    else:
        who, and_who = (", ".join(roles) or "its readers" for roles in (number.readers, confidential))
        yield f"give the access packages in Altinn: {Package.ORDINARY.key} to {who}, {Package.CONFIDENTIAL.key} to {and_who}"
    if number.arrives == "dokulink":
        yield "end the forwarding in Dokulink, after a day on which mail came the new way"


def loads(config: State, all_routes: Iterable[Route]) -> tuple[Load, ...]:
    """The load today and after each batch: a number comes as it arrives today until its batch is live, then as planned."""
    current = [route for route in all_routes if not route.ended]
    moved: set[str] = set()
    result = [_load(None, current, moved)]
    for batch in in_order(config):
        moved.add(batch.key)
        result.append(_load(batch, current, moved))
    return tuple(result)


def _load(batch: Batch | None, current: list[Route], moved: set[str]) -> Load:
    ways: dict[str, Counter[str]] = {}
    for route in current:
        way = route.channel if route.batch in moved else route.arrives or "unsaid"
        ways.setdefault(route.district, Counter())[way] += 1
    return Load(batch=batch.key if batch else None, go_live=batch.go_live if batch else None, ways=ways)
