"""What a history is made of: who does what, what goes wrong, and the seed of the order. Made from a number, and made smaller."""

import random
from collections.abc import Callable, Iterator

import msgspec

from .network import KINDS, Fault, On

# What may be done, and how often by administrators and by pipelines.
_OPERATIONS = {
    "plan": (1, 1),
    "apply": (8, 4),
    "save": (2, 2),
    "apply saved": (2, 2),
    "apply forged": (1, 1),
    "replan": (1, 4),
    "resume": (2, 0),
    "users import": (1, 0),
    "roll back": (1, 0),
    "roll out": (2, 0),
    "drift": (1, 1),
    "verify": (1, 0),
}
OPERATIONS = tuple(_OPERATIONS)
_OF_ADMINISTRATORS, _OF_PIPELINES = zip(*_OPERATIONS.values(), strict=True)
EDITS = (
    "rename",
    "move",
    "new unit",
    "retire",
    "new key",
    "new group",
    "phone",
    "new user",
    "change user",
    "drop user",
    "new code",
    "change code",
    "drop code",
    "new type",
    "change type",
    "drop type",
)
OF_THE_SETUP = ("code", "type")
BY_HAND = ("rename", "phone", "end", "reopen", "code")
# Of the sandbox's quirks ``retired-hidden`` is left out: where what is retired is hidden, nobody can bring its key back.
QUIRKS = ("unknown-404", "any-order", "capped-pages", "zones-kept", "logins-kept", "functions-told", "mail-withheld")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an actor does, ``after`` seconds; ``draw`` decides what exactly."""

    what: str
    draw: int = 0
    after: float = 0.0
    more: int = 0  # edits of the config besides those that ``draw`` gives


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one actor does, in order."""

    actor: str
    steps: tuple[Step, ...]


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """The actor's process dies at its ``turn``-th turn."""

    actor: str
    turn: int


class Jump(msgspec.Struct, frozen=True, kw_only=True):
    """The clock of the actor's machine is set by ``seconds`` at its ``turn``-th turn."""

    actor: str
    turn: int
    seconds: float


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """Every request of the actor's machine takes ``seconds``, so that others meet what it is in the middle of."""

    actor: str
    seconds: float


class Stall(msgspec.Struct, frozen=True, kw_only=True):
    """The actor's machine stands still for ``seconds`` at its ``turn``-th turn, as a laptop does that is shut."""

    actor: str
    turn: int
    seconds: float


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One history, whole: the same script gives the same history."""

    seed: int  # of the order
    version: str = "3.3"
    quirks: tuple[str, ...] = ()
    begun: bool = True  # the config was applied once before; else Websak holds nothing of it
    users: bool = False
    setup: bool = False  # whether there is a Setup API, and so a lease
    parts: tuple[Part, ...] = ()
    faults: tuple[Fault, ...] = ()
    kills: tuple[Kill, ...] = ()
    jumps: tuple[Jump, ...] = ()
    slow: tuple[Slow, ...] = ()
    stalls: tuple[Stall, ...] = ()
    at_once: int = 1  # requests of one process


def made_from(number: int) -> Script:
    """The history of a number: two actors or three, four operations or a few more, and something that goes wrong."""
    chance = random.Random(number)
    users, setup = chance.random() < 0.2, chance.random() < 0.3
    actors = chance.choice((["ola", "kari"], ["ola", "kari"], ["ola", "pipeline"], ["ola", "kari", "pipeline"]))
    steps = {actor: [_step(chance, actor)] for actor in actors}
    for _ in range(chance.choice((4, 4, 5, 6)) - len(actors)):
        actor = chance.choice(actors)
        steps[actor].append(_step(chance, actor))
    first = steps[actors[0]][0]
    steps[actors[0]][0] = Step(what="apply", draw=first.draw, after=first.after, more=first.more)
    if chance.random() < 0.4:
        steps["by hand"] = [_step(chance, "by hand") for _ in range(chance.randint(1, 2))]
    if users and chance.random() < 0.5:
        steps["other writer"] = [_step(chance, "other writer")]
    faults = [_fault(chance, chance.choice(actors)) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
    kills = [
        Kill(actor=chance.choice(actors), turn=int(chance.expovariate(1 / 20)) + 1)
        for _ in range(chance.choice((0, 0, 1, 1, 2)))
    ]
    jumps = [
        Jump(
            actor=chance.choice(actors),
            turn=chance.randint(1, 40),
            seconds=chance.choice((-7200.0, -5.0, 5.0, 86400.0)),
        )
        for _ in range(chance.choice((0, 0, 0, 1)))
    ]
    slow = [Slow(actor=chance.choice(actors), seconds=chance.choice((0.5, 2.0, 5.0)))] if chance.random() < 0.3 else []
    stalls = [
        Stall(
            actor=chance.choice(actors),
            turn=int(chance.expovariate(1 / 40)) + 1,
            seconds=chance.choice((15.0, 45.0, 90.0)),
        )
        for _ in range(chance.choice((0, 0, 0, 1)))
    ]
    if not (faults or kills):
        faults.append(Fault(actor=actors[0], on="write", nth=1, what=chance.choice(KINDS["write"])))
    return Script(
        seed=number,
        version=chance.choice(("3.3", "3.3", "3.0")),
        quirks=tuple(sorted(chance.sample(QUIRKS, chance.choice((0, 0, 0, 1))))),
        begun=chance.random() < 0.6,
        users=users,
        setup=setup,
        parts=tuple(Part(actor=actor, steps=tuple(done)) for actor, done in steps.items()),
        faults=tuple(faults),
        kills=tuple(kills),
        jumps=tuple(jumps),
        slow=tuple(slow),
        stalls=tuple(stalls),
        at_once=chance.choice((1, 1, 1, 2, 4)),
    )


def _step(chance: random.Random, actor: str) -> Step:
    if actor == "by hand":
        what = f"by hand: {chance.choice(BY_HAND)}"
    elif actor == "other writer":
        what = "another writer of users"
    elif actor == "pipeline":
        what = chance.choices(OPERATIONS, _OF_PIPELINES)[0]
    else:
        what = chance.choices(OPERATIONS, _OF_ADMINISTRATORS)[0]
    return Step(
        what=what,
        draw=chance.randrange(10**6),
        after=chance.choice((0.0, 0.0, 0.5, 3.0, 40.0)),
        more=chance.choice((0, 0, 0, 3)),
    )


def _fault(chance: random.Random, actor: str) -> Fault:
    on: On = chance.choice(("read", "write", "write", "write", "push", "push", "fetch", "token", "commit"))
    nth = int(chance.expovariate(1 / (8 if on == "read" else 3))) + 1
    times = chance.choice((1, 1, 1, 2, 5, 30))
    return Fault(actor=actor, on=on, nth=nth, times=times, what=chance.choice(KINDS[on]))


def smaller(script: Script) -> Iterator[Script]:
    """Scripts with something less, the largest pieces first."""
    replace = msgspec.structs.replace
    for field in ("parts", "faults", "kills", "jumps", "slow", "stalls", "quirks"):
        items = getattr(script, field)
        for n in range(len(items)):
            yield replace(script, **{field: items[:n] + items[n + 1 :]})
    for n, part in enumerate(script.parts):
        for k in range(len(part.steps)):
            less = replace(part, steps=part.steps[:k] + part.steps[k + 1 :])
            yield replace(script, parts=(*script.parts[:n], less, *script.parts[n + 1 :]))
    for n, fault in enumerate(script.faults):
        if fault.times > 1:
            less_often = replace(fault, times=fault.times // 2)
            yield replace(script, faults=(*script.faults[:n], less_often, *script.faults[n + 1 :]))
    for n, part in enumerate(script.parts):
        for k, step in enumerate(part.steps):
            if step.after:
                at_once = replace(part, steps=(*part.steps[:k], replace(step, after=0.0), *part.steps[k + 1 :]))
                yield replace(script, parts=(*script.parts[:n], at_once, *script.parts[n + 1 :]))
    if script.users:
        yield replace(script, users=False)
    if script.setup:
        yield replace(script, setup=False)
    if script.at_once > 1:
        yield replace(script, at_once=1)
    if script.version != "3.3":
        yield replace(script, version="3.3")


def smallest(script: Script, fails: Callable[[Script], bool], tries: int = 300) -> Script:
    """Leave out what a failing history does not need to fail."""
    while True:
        for candidate in smaller(script):
            tries -= 1
            if tries < 0:
                return script
            if fails(candidate):
                script = candidate
                break
        else:
            return script
