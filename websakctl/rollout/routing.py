"""Where the mail to each sub-org number goes, what its route still lacks, and what that makes for the document centre."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from websakctl.kinds.sub_org import KIND as SUB_ORG
from websakctl.model.resource import Fields, State
from websakctl.record import record
from websakctl.rollout.batches import Batch, batch_of, in_order


@record
class Route:
    """One number's mail: how it arrives today, where it is to go, and with which batch it moves.

    ``holes``: what lacks before mail can safely go that way; ``ended``: the number is no longer used, so nothing lacks.
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
    daily_routine: str | None
    message_types: tuple[str, ...]  # none: all
    level: int | None
    ended: bool
    holes: tuple[str, ...]
    steps: tuple[str, ...]  # what is left to do before the number can leave the way that its mail arrives today

    @property
    def moves(self) -> bool:
        """Whether its mail does not yet arrive the way that it is to go."""
        return not self.ended and self.arrives != self.channel


@record
class Load:
    """How many numbers' mail comes which way once ``batch`` is live (``None``: today), by district.

    What goes through SvarInn is the document centre's to receive.
    """

    batch: str | None
    go_live: str | None
    ways: Mapping[str, Mapping[str, int]]  # district -> way -> numbers; ``unsaid`` where nobody has said how it arrives

    def total(self, way: str) -> int:
        """Numbers of all districts that come this way."""
        return sum(counts.get(way, 0) for counts in self.ways.values())


def routes(config: State, today: date) -> tuple[Route, ...]:
    """Every number with its route, those with holes first, then by district and name.

    Args:
        config: All resources of the config.
        today: Numbers whose ``valid_to`` has passed have ended.
    """
    batches = in_order(config)
    by_key = {batch.key: batch for batch in batches}
    by_district = batch_of(batches)
    found = []
    for address, resource in config.items():
        if address.kind == SUB_ORG.name:
            fields = resource.fields
            batch = by_key.get(fields["batch"] or "") or by_district.get(address.scope)
            found.append(_route(address.key, address.scope, fields, batch, today))
    return tuple(sorted(found, key=lambda r: (not r.holes, r.ended, r.district, r.name, r.orgnr)))


def _route(orgnr: str, district: str, fields: Fields, batch: Batch | None, today: date) -> Route:
    ended = (fields["valid_to"] or "9") < today.isoformat()
    holes = () if ended else tuple(_holes(fields, batch))
    return Route(
        orgnr=orgnr,
        name=fields["name"],
        district=district,
        unit=fields["unit"],
        channel=fields["channel"],
        arrives=fields["arrives"],
        batch=batch.key if batch else None,
        go_live=batch.go_live if batch else None,
        readers=tuple(fields["readers"]),
        daily_routine=fields["daily_routine"],
        message_types=tuple(fields["message_types"]),
        level=fields["level"],
        ended=ended,
        holes=holes,
        steps=() if ended or fields["arrives"] == fields["channel"] else tuple(_steps(fields, batch)),
    )


def _holes(fields: Fields, batch: Batch | None) -> Iterable[str]:
    if fields["channel"] == "svarinn" and not fields["unit"]:
        yield "no unit: what comes through SvarInn ends on no desk"
    if fields["channel"] == "altinn" and not fields["readers"]:
        yield "no readers: nobody is said to read it in Altinn"
    if fields["channel"] == "altinn" and not fields["daily_routine"]:
        yield "no daily routine: nothing says that Altinn is read every day"
    if batch is None and fields["arrives"] != fields["channel"]:
        yield "no batch: nothing says when its mail moves"
    starts = fields["valid_from"]
    if batch and batch.go_live and starts and starts > batch.go_live:
        yield f"the route holds from {starts}, after {batch.key} is live ({batch.go_live})"


def _steps(fields: Fields, batch: Batch | None) -> Iterable[str]:
    when = f"once {batch.key} is ready" if batch else "once its batch is decided and ready"
    if fields["channel"] == "svarinn":
        yield f"register the number with the receiving system (SvarUt configuration), {when} and not before"
    else:
        who = ", ".join(fields["readers"]) or "its readers"
        yield f"delegate the number's mail in Altinn, ordinary and confidential, to {who}"
    if fields["arrives"] == "dokulink":
        yield "end the forwarding in Dokulink, after a day on which mail came the new way"


def loads(config: State, all_routes: Iterable[Route]) -> tuple[Load, ...]:
    """The load today and after each batch: a number comes as it arrives today until its batch is live, then as planned."""
    current = [route for route in all_routes if not route.ended]
    moved: set[str] = set()
    found = [_load(None, current, moved)]
    for batch in in_order(config):
        moved.add(batch.key)
        found.append(_load(batch, current, moved))
    return tuple(found)


def _load(batch: Batch | None, current: list[Route], moved: set[str]) -> Load:
    ways: dict[str, Counter[str]] = {}
    for route in current:
        way = route.channel if route.batch in moved else route.arrives or "unsaid"
        ways.setdefault(route.district, Counter())[way] += 1
    return Load(batch.key if batch else None, batch.go_live if batch else None, ways)
