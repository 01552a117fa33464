"""Read the whole live setup, each kind listed once."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

import msgspec
from msgspec.structs import replace

from websakctl.live.adapter import ScopeOf, Units
from websakctl.live.errors import NotAsAgreed
from websakctl.live.transport import RateLimiter
from websakctl.live.websak import Connection, WebsakReader, WebsakWriter
from websakctl.model.administrator import Administrator
from websakctl.model.resource import State
from websakctl.operations.change.make_plan import ConfigInput, with_policies
from websakctl.operations.change.plan_access import with_access
from websakctl.operations.change.read_users import people_of, read_users
from websakctl.operations.scopes import scope_of
from websakctl.plan.change import Action, Change, Plan
from websakctl.plan.dependents import people_may_depend, with_dependents
from websakctl.plan.guards import lock_out, may_lock_out
from websakctl.rollout.routing import routes

UNIT_KIND = "org_unit"


class LiveSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, and what a writer needs to go on from there."""

    state: State
    units: Units
    api_version: str
    requests: int
    unsupported: Mapping[str, frozenset[str]] = {}  # fields by kind that this Websak has no place for
    warnings: tuple[str, ...] = ()  # what is said with a plan though no change comes of it
    seconds_each: float = 0.05  # mean time of a request

    @property
    def summary(self) -> str:
        """What reading took, in a sentence."""
        return f"Read {len(self.state)} live objects with {self.requests} requests (User API {self.api_version})."

    def tell(self, inputs: ConfigInput) -> ConfigInput:
        """The same inputs of a plan, knowing what this Websak has no place for and what else was found."""
        return replace(inputs, unsupported=self.unsupported, warnings=(*inputs.warnings, *self.warnings))

    def seconds_to_write(self, changes: Iterable[Change], connection: Connection) -> float:
        """Roughly how long the changes will take: a read and a write each, several at a time, no faster than the rate."""
        writes = count_writes(changes)
        return max(
            writes * 2 * self.seconds_each / connection.concurrency,
            writes / connection.rate if connection.rate else 0.0,
        )


def count_writes(changes: Iterable[Change]) -> int:
    """How many requests will change something."""
    return sum(2 if change.action is Action.ACTIVATE and len(change.fields) > 1 else 1 for change in changes)


def _scope_of(inputs: ConfigInput) -> ScopeOf:
    return scope_of([*inputs.known, *inputs.config.state], inputs.config.districts, inputs.kinds)


def read_setup(connection: Connection, inputs: ConfigInput) -> LiveSetup:
    """Read with a client that cannot write.

    Raises:
        LiveError: If any part cannot be read or trusted; then nothing is known.
    """
    with WebsakReader(
        connection, inputs.kinds, _scope_of(inputs), people_of(inputs, connection.user_rows), alike=inputs.config.state
    ) as reader:
        traffic = reader.traffic
        with connection.runtime.reading(lambda: traffic.requests):
            state = reader.read()
        require_what_is_known(inputs, state)
        return LiveSetup(
            state=state,
            units=reader.units,
            api_version=reader.departments.version(),
            requests=traffic.requests,
            unsupported=reader.unsupported,
            warnings=(*reader.unchecked, *_few(list(_numbers_that_differ(inputs, reader.units)))),
            seconds_each=traffic.seconds / max(1, traffic.requests),
        )


def _few(warnings: list[str], most: int = 5) -> list[str]:
    more = [f"and {len(warnings) - most} more units whose organisation number differs"] if len(warnings) > most else []
    return [*warnings[:most], *more]


def _numbers_that_differ(inputs: ConfigInput, units: Units) -> Iterator[str]:
    """Units whose organisation number in Websak is not the one whose mail the config leads there; compared, never written."""
    if not units.numbers or inputs.today is None:
        return
    from websakctl.consistency.websak import LiveUnit, compare_numbers

    live = [LiveUnit(key=key, number=number) for key, number in sorted(units.numbers.items())]
    led = routes(inputs.config.whole, inputs.today)
    for found in compare_numbers({}, live, led, {}, inputs.today):
        yield f"{found.key} {found.detail}"


def require_what_is_known(inputs: ConfigInput, live: State) -> None:
    """See that no list is empty of which the journal knows two or more that no run retired.

    Raises:
        NotAsAgreed: If one is; a plan from it would create everything again.
    """
    existing = {address.kind for address in live}
    known = Counter(address.kind for address in inputs.known if address.kind in inputs.kinds)
    for kind, count in sorted(known.items()):
        if count > 1 and kind not in existing and kind not in inputs.believe_empty:
            plural = inputs.kinds[kind].plural.replace("_", " ")
            raise NotAsAgreed(
                f"Websak lists no {plural}, and {count} that were applied are not known to have been retired",
                f"see whether this client may still read them; to go on: --refresh full --believe-empty {kind}",
            )


def read_administrators(connection: Connection, inputs: ConfigInput, live: State) -> list[Administrator]:
    """Active users that may administer, with their units.

    Raises:
        LiveError: If they cannot be read.
    """
    with WebsakReader(connection, inputs.kinds, _scope_of(inputs)) as reader:
        return reader.administrators(live)


def guarded(connection: Connection, inputs: ConfigInput, plan: Plan, live: State, own_user: str) -> Plan:
    """Add what the guards object to that must see live users; they are read only for plans that could break something."""
    if may_lock_out(plan.changes, inputs.kinds):
        result = lock_out(plan.changes, read_administrators(connection, inputs, live), own_user)
        plan = replace(plan, findings=(*plan.findings, *result))
    plan = with_access(connection, inputs, recounted(connection, inputs, plan, live), live)
    return with_policies(inputs, plan) if plan.access is not None else plan


def recounted(connection: Connection, inputs: ConfigInput, plan: Plan, live: State) -> Plan:
    """Count again, in Websak as it is now, who depends on what a plan retires or renames, and the seats that are taken."""
    if not plan.changes:
        return plan
    going = {c.address.key for c in plan.changes if c.action.removes and c.address.kind == UNIT_KIND}
    people = cache(lambda: read_users(connection, inputs, units=going))
    users = people() if people_may_depend(plan, inputs.kinds) else {}
    seen = inputs.with_by_hand(live)
    both = {
        a: replace(existing, fields={**user.fields, **existing.fields})
        for a, user in users.items()
        if (existing := seen.get(a)) is not None
    }
    everything = {**users, **seen, **both}
    kinds = {**inputs.by_hand, **inputs.kinds}
    plan = with_dependents(plan, everything, kinds, inputs.config.districts, inputs.config.retirements)
    return _within_seats(inputs, plan, people)


def _within_seats(inputs: ConfigInput, plan: Plan, people: Callable[[], State]) -> Plan:
    from websakctl.plan.seats import may_overrun, overrun  # with the rules of capacity

    if not may_overrun(plan.changes, inputs.config.own):
        return plan
    result = overrun(plan.changes, people(), inputs.config.whole, inputs.today)
    others = (finding for finding in plan.findings if not finding.guard.startswith("seats:"))
    return replace(plan, findings=(*others, *result))


def writer_for(
    connection: Connection,
    inputs: ConfigInput,
    live: LiveSetup,
    pace: RateLimiter | None = None,
    may_send: Callable[[], None] | None = None,
) -> WebsakWriter:
    """A writer that knows what was read; without a ``pace`` it goes by the connection's rate. ``may_send``: ``WebsakWriter``."""
    people = people_of(inputs)  # whoever writes reads in full
    return WebsakWriter(
        connection, inputs.kinds, _scope_of(inputs), live.units, live.api_version, pace, people, may_send
    )
