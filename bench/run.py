"""Measure validate, a plan that finds nothing, and an apply of one change in a hundred, beside what the same reading costs bare.

    python bench/run.py [SIZE ...] [--repeat N] [--api-version 3.0|3.3]

A made-up config is written for each size, a sandbox is filled with just that, and every measurement runs in a process of its own.
It asserts nothing: it is run and read. Times are the best of the repetitions, memory is the largest.
"""

import argparse
import gc
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import count, islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the checkout that this file stands in, whatever is installed

from websakctl.__main__ import COLLECT_AFTER  # noqa: E402  # found by the line above
from websakctl.live.clock import SystemClock  # noqa: E402
from websakctl.redaction import Secret  # noqa: E402

SIZES = (1_000, 10_000, 50_000)
DISTRICTS = 15
CHANGED = int(os.environ.get("BENCH_CHANGED", "100"))  # one in so many
CONCURRENCY = 4
MANY, GROUPS = 50_000, 3  # changes of the longest report, and the groups that they come to
UNITS, SUB_ORGS = 0.60, 0.35  # of all resources; the rest are case types


# --- a config repository


def organisation_numbers() -> Iterator[str]:
    """Valid numbers from the range of the register's test environment."""
    for number in count(31_000_001):
        total = sum(int(digit) * weight for digit, weight in zip(str(number), (3, 2, 7, 6, 5, 4, 3, 2), strict=True))
        if (digit := -total % 11) != 10:
            yield f"{number}{digit}"


def parent_of(i: int) -> int:
    """Of the i-th unit of a district: a tree in which each has up to eight children."""
    return (i - 1) // 8


def unit_key(i: int) -> str:
    """The key of a district's i-th unit; the first is the top of its tree."""
    return f"U{i}" if i else "BYDEL"


def write_config(root: Path, size: int) -> None:
    """Write ``size`` resources: units and sub-org numbers in fifteen districts, and case types that all share."""
    units, sub_orgs = int(size * UNITS) // DISTRICTS, int(size * SUB_ORGS) // DISTRICTS
    case_types = size - DISTRICTS * (units + sub_orgs)
    numbers = organisation_numbers()
    (root / "config").mkdir(parents=True)
    (root / "config" / "websak.yaml").write_text('organisation: {name: Prøve kommune, orgnr: "310000000"}\n')
    rows = (
        f"  S-{i}:\n    name: Sakstype {i}\n    series: SAK\n    ordering_principle: emne\n    class_code: '{i % 900}'\n"
        f"    legal_basis: forvaltningsloven § 13\n    retention: K\n    retention_years: {5 + i % 20}\n"
        f"    retention_basis: bevarings- og kassasjonsplan, punkt {i % 40}\n"
        for i in range(case_types)
    )
    (root / "config" / "case_types.yaml").write_text("case_types:\n" + "".join(rows))
    for d in range(DISTRICTS):
        folder = root / "districts" / f"proeve-{d + 1}"
        folder.mkdir(parents=True)
        letter = chr(ord("A") + d)
        (folder / "district.yaml").write_text(
            f'district: {{name: Bydel Prøve {d + 1}, number: "{d + 1:02}", orgnr: "{next(numbers)}", '
            f"short_name: BQ{letter}, prefix: Q{letter}}}\n"
        )
        rows = (
            f"  {unit_key(i)}:\n    name: Enhet {i} for prøving\n"
            + (f"    parent: {unit_key(parent_of(i))}\n" if i else "")
            + f"    abbreviation: Q{letter}{i}\n    unit_type: {'Tjenestested' if i % 3 else 'Avd'}\n"
            f"    address: Prøveveien {i % 200} B\n    postal_no: '{560 + i % 400:04}'\n    phone: 21 80 {i % 100:02} 00\n"
            for i in range(units)
        )
        (folder / "org_units.yaml").write_text("org_units:\n" + "".join(rows))
        rows = (
            f'  "{number}":\n    name: Prøve barnehage {i}\n    unit: {unit_key(i if i < units else 0)}\n    channel: svarinn\n'
            f"    message_types: [brev, søknad]\n    level: {3 + i % 2}\n    arrives: dokulink\n"
            f"    daily_routine: Postmottak ser etter hver dag kl. 9\n    valid_from: '2027-01-01'\n"
            for i, number in enumerate(islice(numbers, sub_orgs))
        )
        (folder / "sub_orgs.yaml").write_text("sub_orgs:\n" + "".join(rows))


def change_config(root: Path, one_in: int = CHANGED) -> None:
    """Change the name of one resource in so many."""
    seen = 0
    for file in sorted(root.rglob("*.yaml")):
        lines = file.read_text().splitlines(keepends=True)
        for i, line in enumerate(lines):
            if "name: " in line and file.name not in ("websak.yaml", "district.yaml"):
                if seen % one_in == 0:
                    lines[i] = line.replace("name: ", "name: Ny ", 1)
                seen += 1
        file.write_text("".join(lines))


# --- a sandbox that holds just that


def fill_sandbox(root: Path, state_dir: Path) -> None:
    """Write what the config says straight into the database of a sandbox that is not running yet."""
    from sqlalchemy import insert

    from websakctl.model.address import Address
    from websakctl.sandbox import seed
    from websakctl.sandbox.database import department, next_id, now, open_database
    from websakctl.sandbox.setupapi import store
    from websakctl.sandbox.setupapi.kinds import BY_NAME
    from websakctl.source.load import load_configuration

    (state_dir / "sandbox").mkdir(parents=True)
    database = open_database(f"sqlite:///{state_dir / 'sandbox' / 'websak.db'}")
    state = load_configuration(root, date.today()).state
    with database.write() as connection:
        seed.fill(connection, "empty")
        first = next_id(connection, department)
        root_id = first - 1
        units = [r for a, r in state.items() if a.kind == "org_unit"]
        ids = {unit.address: first + i for i, unit in enumerate(units)}
        rows = [
            {
                "id": ids[unit.address],
                "external_id": unit.address.key,
                "code": unit.address.key,
                "abbreviation": unit.fields["abbreviation"],
                "name": unit.fields["name"],
                "unit": unit.fields["unit_type"],
                "addr": unit.fields.get("address"),
                "postal_no": unit.fields.get("postal_no"),
                "phone": unit.fields.get("phone"),
                "parent_department_id": ids[Address("org_unit", unit.address.scope, parent)]
                if (parent := unit.fields["parent"])
                else root_id,
                "level": "2",
                "journal_unit_id": "1",
                "archive_unit": "1",
                "valid_from_date": now(),
            }
            for unit in units
        ]
        connection.execute(insert(department), rows)
        for name, kind in BY_NAME.items():
            objects = [
                {**r.fields, kind.key: a.key, **({"district": a.scope} if "district" in kind.fields else {})}
                for a, r in state.items()
                if a.kind == name
            ]
            if objects:
                created = [store.new_row(kind.model.model_validate(each).model_dump()) for each in objects]
                connection.execute(insert(kind.table), created)
    database.close()


@contextmanager
def serving(state_dir: Path, api_version: str) -> Iterator[None]:
    from websakctl.sandbox.process import ensure_server, stop_server

    ensure_server(state_dir, api_version=api_version)
    try:
        yield
    finally:
        stop_server(state_dir)


# --- what is measured, each in a process of its own


@dataclass(frozen=True)
class Measured:
    """One measurement; seconds, and megabytes at the most."""

    wall: float
    cpu: float
    memory: float
    count: int  # resources, changes or requests
    note: str = ""


@contextmanager
def clock() -> Iterator[dict[str, float]]:
    taken: dict[str, float] = {}
    began, cpu = time.perf_counter(), time.process_time()
    yield taken
    taken["wall"], taken["cpu"] = time.perf_counter() - began, time.process_time() - cpu
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken["memory"] = largest / (1024**2 if sys.platform == "darwin" else 1024)


def connection_to(state_dir: Path) -> Any:
    from websakctl.live.websak import Connection
    from websakctl.sandbox.process import find_server

    server = find_server(state_dir)
    if server is None:
        raise SystemExit("the sandbox does not run")
    return Connection(
        base_url=server.base_url,
        setup_url=server.setup_url,
        token_url=server.token_url,
        client_id=server.client_id,
        client_secret=Secret(server.client_secret),
        root_unit="OSLO",
        api_version=server.api_version,
        concurrency=CONCURRENCY,
    )


def bare_parse(root: Path, _: Path) -> Measured:
    """The C parser's events of every file, thrown away."""
    from _ruamel_yaml import CParser
    from ruamel.yaml.events import StreamEndEvent

    events = 0
    with clock() as taken:
        for file in sorted(root.rglob("*.yaml")):
            following = CParser(file.read_text(encoding="utf-8")).get_event
            while type(following()) is not StreamEndEvent:
                events += 1
    return Measured(**taken, count=events)


def bare_client(state_dir: Path) -> Any:
    import httpx

    connection = connection_to(state_dir)
    form = {
        "grant_type": "client_credentials",
        "client_id": connection.client_id,
        "client_secret": connection.client_secret.reveal(),
        "scope": connection.scopes(read_only=False),
    }
    client = httpx.Client(trust_env=False, timeout=60)
    token = client.post(connection.token_url, data=form).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client, connection


def bare_pages(client: Any, connection: Any) -> dict[str, list[Any]]:
    """The same requests that reading the whole setup sends, one after another."""
    from websakctl.kinds import all_kinds
    from websakctl.live.setup_api import PAGE
    from websakctl.model.kind import Api

    flat = "/api/Departments/flat" if connection.api_version == "3.0" else "/api/v2/departments/flat"
    pages = {flat: [client.get(connection.base_url + flat)]}
    pages["groups"] = [client.get(f"{connection.base_url}/api/AccessGroups")]
    for kind in all_kinds().values():
        if kind.api is Api.SETUP:
            url, parameters = f"{connection.setup_url}/{kind.endpoint}", {"limit": PAGE}
            pages[url] = [client.get(url, params=parameters)]
            while following := pages[url][-1].json()["next"]:
                pages[url].append(client.get(url, params={**parameters, "after": following}))
    return pages


def bare_fetch(_: Path, state_dir: Path) -> Measured:
    """All pages with one reused client, the bytes thrown away (but for where the next page is)."""
    client, connection = bare_client(state_dir)
    client.get(f"{connection.base_url}/api/info")
    with closing(client), clock() as taken:
        pages = bare_pages(client, connection)
    return Measured(**taken, count=sum(map(len, pages.values())))


def bare_write(_: Path, state_dir: Path) -> Measured:
    """As many objects as the apply changes, each read where the API needs it and put as it is."""
    client, connection = bare_client(state_dir)
    pages = bare_pages(client, connection)
    flat = next(iter(pages))
    rows = [row for row in pages[flat][0].json() if row["parentDepartmentId"]]
    urls = [f"{connection.base_url}{flat.removesuffix('/flat')}/{row['id']}" for row in rows[::CHANGED]]
    work: list[tuple[str, Any]] = [(url, None) for url in urls]
    for url, answers in pages.items():
        if url.startswith("http"):
            items = [item for answer in answers for item in answer.json()["items"]]
            key = {"case-types": "code", "sub-orgs": "orgnr"}.get(url.rpartition("/")[2], "code")
            work += [(f"{url}/{item[key]}", item) for item in items[::CHANGED]]

    def write(one: tuple[str, Any]) -> int:
        url, item = one
        if item is None:
            row = client.get(url).json()
            if connection.api_version == "3.0":
                row = {"departmentName": row["name"], "departmentShortName": row["abbreviation"], "externalID": row["externalId"],
                       "departmentParentId": row["parentDepartmentId"], "enhetstype": row["unit"]}  # fmt: skip
            return int(client.put(url, json=row).status_code)
        return int(client.put(url, json=item, headers={"If-Match": item["etag"]}).status_code)

    with closing(client), clock() as taken, ThreadPoolExecutor(CONCURRENCY) as pool:
        statuses = list(pool.map(write, work))
    return Measured(**taken, count=len(statuses), note=",".join(map(str, sorted(set(statuses)))))


def load_modules() -> None:
    """What an empty run loads is no part of what a resource costs."""
    import httpcore  # noqa: F401

    from websakctl.kinds import all_kinds
    from websakctl.operations.change import make_plan, read_setup  # noqa: F401
    from websakctl.source import building, load, parsing, sensitive  # noqa: F401
    from websakctl.source.rules import _checks

    all_kinds()
    _checks()


def validate(root: Path, _: Path) -> Measured:
    """Everything that `websakctl validate` looks at."""
    from websakctl.source.load import load_configuration

    load_modules()
    with clock() as taken:
        config = load_configuration(root, date.today())
    return Measured(**taken, count=len(config.state), note="" if config.valid else "NOT VALID")


def scene_and_live(root: Path, state_dir: Path) -> Any:
    from websakctl.kinds import all_kinds
    from websakctl.operations.change.make_plan import ConfigInput
    from websakctl.operations.change.read_setup import read_setup
    from websakctl.source.load import load_configuration

    connection = connection_to(state_dir)
    config = load_configuration(root, date.today())
    inputs = ConfigInput(config=config, known={}, kinds=connection.kinds(all_kinds()), environment="bench")
    return connection, inputs, read_setup(connection, inputs)


def plan(root: Path, state_dir: Path) -> Measured:
    """Load, read live, compare."""
    from websakctl.operations.change.make_plan import make_plan

    load_modules()
    connection_to(state_dir)
    with clock() as taken:
        _, inputs, live = scene_and_live(root, state_dir)
        result = make_plan(inputs, live.state)
    return Measured(**taken, count=len(result.changes), note="" if not result.changes else "NOT EMPTY")


def apply(root: Path, state_dir: Path) -> Measured:
    """Carry out a plan that is made already: journal, write, read back."""
    from websakctl.apply.attempt import Status
    from websakctl.apply.journal import Journal
    from websakctl.live.runtime import Runtime
    from websakctl.operations.apply.carry_out import Run, apply_changes, new_run_name
    from websakctl.operations.change.make_plan import make_plan
    from websakctl.operations.change.read_setup import read_setup, writer_for

    connection, inputs, live = scene_and_live(root, state_dir)
    changes = make_plan(inputs, live.state).changes
    runtime = Runtime()
    run = Run(
        environment="bench",
        journal=Journal(state_dir / "journal.db", SystemClock()),
        runtime=runtime,
        name=new_run_name(runtime),
        concurrency=CONCURRENCY,
    )
    with run.journal, writer_for(connection, inputs, live) as writer, clock() as taken:
        applied = apply_changes(
            run,
            changes,
            live.state,
            writer,
            desired=inputs.config.state,
            protected=inputs.config.protected,
            read_again=lambda: read_setup(connection, inputs).state,
            known={},
        )
    left = [o for o in applied.execution.outcomes if o.status is not Status.DONE]
    return Measured(**taken, count=len(changes), note=f"{len(left)} NOT DONE: {left[0].detail}" if left else "")


def many_in_few() -> Any:
    """The report of a plan with 50 000 changes in three groups: as many districts as that takes."""
    from websakctl.model.address import Address
    from websakctl.model.district import District
    from websakctl.plan.change import Action, Change, FieldChange, Plan
    from websakctl.plan.document import to_document
    from websakctl.plan.groups import grouped
    from websakctl.report.view_models import PlanReport

    slugs = [f"proeve-{i}" for i in range(MANY // GROUPS + 1)]
    districts = {
        slug: District(slug=slug, name=slug.title(), number="01", orgnr="310000000", short_name="B", prefix=f"Q{i}")
        for i, slug in enumerate(slugs)
    }
    every = (
        Change(address=Address("org_unit", d.slug, f"{d.prefix}-{key}"), action=Action.UPDATE, fields=(FieldChange(path="name", before="Før", after="Nå"),), reason="differs")
        for d in districts.values()
        for key in range(GROUPS)
    )  # fmt: skip
    changes = tuple(islice(every, MANY))
    plan = Plan(environment="bench", changes=changes, groups=grouped(changes, districts), unchanged=0, unmanaged=(), manual=(),
                findings=(), warnings=(), digests=lambda: ("", ""), scopes=tuple(slugs))  # fmt: skip
    assert len(plan.groups) == GROUPS
    return PlanReport(plan=plan, made=lambda: to_document(plan, tool_version="", created_at=""))


def written(report: Any, form: str) -> Measured:
    """A report in one format; what is counted are its bytes."""
    from importlib import import_module

    from websakctl.report.view_models import Look

    with clock() as taken:
        text = import_module(f"websakctl.report.formats.{form}").FORMAT.render(report, Look())
    return Measured(**taken, count=len(text.encode()))


def many_as_text(_: Path, __: Path) -> Measured:
    """50 000 changes in three groups for a terminal."""
    return written(many_in_few(), "text")


def many_as_markdown(_: Path, __: Path) -> Measured:
    """The same for a comment on a pull request."""
    return written(many_in_few(), "markdown")


def many_as_html(_: Path, __: Path) -> Measured:
    """The same for a browser."""
    return written(many_in_few(), "html")


def distinct_as_text(root: Path, state_dir: Path) -> Measured:
    """A plan of this config, which is made beforehand, for a terminal."""
    from websakctl.operations.change.make_plan import make_plan
    from websakctl.plan.document import to_document
    from websakctl.report.view_models import PlanReport

    _, inputs, live = scene_and_live(root, state_dir)
    result = make_plan(inputs, live.state)
    return written(PlanReport(plan=result, made=lambda: to_document(result, tool_version="", created_at="")), "text")


PHASES = {
    each.__name__: each
    for each in (bare_parse, bare_fetch, bare_write, validate, plan, apply, many_as_text, many_as_markdown, many_as_html, distinct_as_text)
}  # fmt: skip


def measured(phase: str, root: Path, state_dir: Path) -> Measured:
    command = [sys.executable, str(Path(__file__).resolve()), "--phase", phase, str(root), str(state_dir)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise SystemExit(f"{phase} failed:\n{answer.stderr}")
    return Measured(**json.loads(answer.stdout))


def best(found: list[Measured]) -> Measured:
    return replace(min(found, key=lambda each: each.wall), memory=max(each.memory for each in found))


# --- the table


def measure(size: int, repeat: int, api_version: str) -> dict[str, Measured]:
    """Take every measurement for one size."""
    result: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory(prefix="websakctl-bench-") as folder:
        root, state_dir = Path(folder) / "repository", Path(folder) / "state"
        write_config(root, size)
        fill_sandbox(root, state_dir)
        changed = Path(folder) / "changed"
        shutil.copytree(root, changed)
        change_config(changed)
        with serving(state_dir, api_version):
            for turn in range(repeat):
                for phase in ("bare_parse", "validate", "bare_fetch", "plan", "bare_write"):
                    say(f"{size}: {phase} ({turn + 1} of {repeat})")
                    result.setdefault(phase, []).append(measured(phase, root, state_dir))
                say(f"{size}: apply ({turn + 1} of {repeat})")
                # There and back: what was changed is what the next turn starts from.
                result.setdefault("apply", []).append(measured("apply", changed, state_dir))
                if turn + 1 < repeat:
                    measured("apply", root, state_dir)
    return {phase: best(each) for phase, each in result.items()}


def say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def rows_for(size: int, found: dict[str, Measured]) -> list[tuple[str, ...]]:
    """The lines of one size; the ratio is to the bare cost in the same line's last columns."""
    parse, fetch, write = found["bare_parse"], found["bare_fetch"], found["bare_write"]
    bare = {
        "validate": (parse.wall, parse.cpu, "parsing the YAML"),
        "plan": (parse.wall + fetch.wall, parse.cpu + fetch.cpu, f"parsing, and fetching {fetch.count} pages"),
        "apply": (
            write.wall + fetch.wall,
            write.cpu + fetch.cpu,
            f"{write.count} bare writes, and fetching {fetch.count} pages to read back",
        ),
    }
    names = {
        "validate": "validate",
        "plan": "plan, no changes",
        "apply": f"apply, {found['apply'].count} changes",
    }
    rows = []
    for phase, (wall, cpu, what) in bare.items():
        one = found[phase]
        rows.append(
            (f"{size:,}".replace(",", " "), names[phase], f"{one.wall:.2f}", f"{one.cpu:.2f}", f"{one.memory:.0f}",
             f"{wall:.2f}", f"{one.wall / wall:.1f}", f"{one.cpu / cpu:.1f}", what, one.note)
        )  # fmt: skip
    return rows


HEAD = ("resources", "what", "wall s", "CPU s", "peak MB", "bare s", "x wall", "x CPU", "bare is", "")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES, metavar="SIZE", help=f"resources; {SIZES} unsaid")
    parser.add_argument("--repeat", type=int, default=1, help="times that each is measured; the best counts")
    parser.add_argument("--api-version", choices=("3.0", "3.3"), default="3.3")
    parser.add_argument("--json", action="store_true", help="print the measurements as JSON")
    asked = parser.parse_args()
    if min([*asked.sizes, asked.repeat]) < 1 or min(asked.sizes) < 100:
        parser.error("a size is at least 100, and a repetition at least 1")
    from tabulate import tabulate

    result = {size: measure(size, asked.repeat, asked.api_version) for size in asked.sizes}
    say("")
    if asked.json:
        print(json.dumps({size: {name: asdict(one) for name, one in each.items()} for size, each in result.items()}))
        return
    rows = [row for size, each in result.items() for row in rows_for(size, each)]
    print(tabulate(rows, HEAD, disable_numparse=True, colalign=("right", "left", *["right"] * 6, "left", "left")))
    print(
        f"\nPython {platform.python_version()}, {platform.machine()}, User API {asked.api_version}, {CONCURRENCY} at a time,"
        f" best of {asked.repeat}. The sandbox runs on the same machine: wall time holds its work too, CPU time is ours alone."
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--phase"]:
        gc.set_threshold(*COLLECT_AFTER)  # as the command line does
        _, _, name, repository, state = sys.argv
        print(json.dumps(asdict(PHASES[name](Path(repository), Path(state)))))
    else:
        main()
