"""What each command's module is, so that a command loads its own and no other."""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

# In the order of the help: the modules below cli/ that register it (with a space between), and what `--help` says of it.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("config.init", "Scaffold a config repository that passes validate."),
    "validate": ("config.validate", "Check the config: everything that can be known offline."),
    "fmt": ("config.fmt", "Lay the YAML files out canonically."),
    "plan": ("change.plan", "Show what apply would change."),
    "apply": ("change.apply", "Show the plan, ask, and carry it out."),
    "rehearse": (
        "change.rehearse",
        "Apply a saved plan to a copy of live in a sandbox of its own, and report whether it does what it promises.",
    ),
    "drift": ("change.drift", "Show what somebody changed by hand: live against what was last applied."),
    "history": ("change.history", "Show who changed what, when and why: all runs, one run, or one resource."),
    "rollback": (
        "change.history",
        "Show the plan that takes a run back, against live as it is now; save it with --out and apply that.",
    ),
    "reform": ("change.reform", "A district reform, planned on paper: districts merged, split and renamed."),
    "worklist": (
        "rollout.worklist",
        "What people set where there is no API: the list, and the record that it is done.",
    ),
    "snapshot": ("change.snapshot", "The whole live setup, kept to be compared."),
    "upgrade": ("change.upgrade", "Around a Websak upgrade, once for all districts."),
    "pull": ("config.pull", "Write what Websak has into the config, where the config says otherwise."),
    "adopt": (
        "config.adopt",
        "Write entries for live objects that are not in the config, so that a plan has nothing to do for them.",
    ),
    "export": (
        "config.workbook",
        "Write the setup as a workbook, a sheet for each kind, for those who do not read YAML.",
    ),
    "import": (
        "config.workbook",
        "Take a workbook of the setup back: only changed cells become edits, each written where the value stands.",
    ),
    "show": ("config.show", "Show one resource: as the config has it, as it is in Websak, and where it was written."),
    "find": ("config.find", "Find a name, key, number, code or user, in the config and in Websak."),
    "explain": (
        "config.explain",
        "Explain a rule, a kind or its field, a Norwegian word, or which lines made each value of a resource.",
    ),
    "schema": (
        "config.schema",
        "Show the JSON Schema of the config's files, or of one kind; editors offer fields, words and codes from it.",
    ),
    "districts": ("config.districts", "The districts that share the setup."),
    "licences": ("rollout.licences", "Show licence seats: bought, allotted, in use, and needed by the next batches."),
    "suborgs": ("rollout.suborgs", "Show every sub-org number and where its mail goes, the gaps first."),
    "consistency": (
        "review.consistency",
        "Show every unit and number as the config, Websak, the business register and KS Fiks have it; who is wrong, and who mends it.",
    ),
    "users": ("rollout.users", "Users of the districts, from files of HR."),
    "access": ("review.access", "Who can read what: by access code, by user, and as a list to sign."),
    "attest": (
        "rollout.attest",
        "Write into the config that a district has passed a gate: who says so, when, and on what evidence.",
    ),
    "rollout": (
        "rollout.status rollout.run rollout.move rollout.report",
        "Readiness of the districts, and bringing them in batch by batch.",
    ),
    "evidence": (
        "review.evidence",
        "Write what an inspection asks for into a folder: an index, CSV files, and a list of their digests.",
    ),
    "law": ("review.law", "Legal bases: what the config rests on, and how long that holds."),
    "fleet": ("fleet", "Many Websaks: the ordinary commands as independent jobs, one for each target."),
    "doctor": ("system.doctor", "Check config, environment, credentials, both APIs and the journal, one line each."),
    "contract": ("system.contract", "The vendor's published API against what this tool uses of it."),
    "state": ("system.state", "The journal and lock that several machines share on a branch of the git remote."),
    "auth": ("system.auth", "Client credentials: kept in the OS keyring."),
    "demo": ("system.demo", "Show the whole story on a sandbox: plan, apply, plan again, one edit."),
    "sandbox": ("system.sandbox", "A Websak to practise on: a real server with a real database."),
}

# What `--help` lists together.
JOBS: dict[str, tuple[str, ...]] = {
    "See what a change does, and do it": ("validate", "plan", "rehearse", "apply", "drift", "history", "rollback"),
    "Write the config": (
        "init",
        "fmt",
        "pull",
        "adopt",
        "districts",
        "reform",
        "show",
        "find",
        "explain",
        "schema",
        "export",
        "import",
    ),
    "Bring districts in": ("rollout", "attest", "users", "licences", "suborgs", "worklist"),
    "Answer for it": ("access", "law", "consistency", "evidence"),
    "Around an upgrade": ("upgrade", "snapshot", "contract"),
    "This tool and its Websaks": ("doctor", "auth", "state", "sandbox", "demo", "fleet"),
}


class _Loading(MutableMapping[str, "Command"]):
    """Commands by name; each is loaded when it is looked at."""

    def __init__(self) -> None:
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> "Command":
        if name not in self._loaded:
            self._loaded.update(load(*COMMANDS[name][0].split()))
        return self._loaded[name]

    def __setitem__(self, name: str, command: "Command") -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def load(*modules: str) -> "dict[str, Command]":
    """Import modules below ``websakctl/cli/``, and give the commands that they register by name."""
    holder = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    holder.callback()(_nothing)
    for module in modules:
        import_module(f"websakctl.cli.{module}").register(holder)
    return dict(typer.main.get_group(holder).commands)


def _nothing() -> None:
    """Make a group of a holder of one command too."""


class Commands(TyperGroup):
    """The program's commands. Its help needs none of their modules."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Loading()

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002  # Typer's signature
        """List the commands by job, each with its line; what no job names comes last."""
        named = {name for names in JOBS.values() for name in names}
        for job, names in {**JOBS, "More": tuple(name for name in COMMANDS if name not in named)}.items():
            if names:
                with formatter.section(job):
                    formatter.write_dl([(name, COMMANDS[name][1]) for name in names])
