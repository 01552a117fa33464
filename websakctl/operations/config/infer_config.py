"""A whole live setup as a config: what the districts have in common is written once, the rest where it differs."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websakctl.model.address import BASE, Address, slug
from websakctl.model.district import District
from websakctl.model.entry import fields_of
from websakctl.model.kind import Kind, Scoping
from websakctl.model.resource import Resource, State
from websakctl.model.validation import ValidationError, convert
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.config.adopt import Adopter, check_adopted
from websakctl.operations.config.placing import Why
from websakctl.operations.config.write_back import Left, WriteBack, Written, at_fault, sound, tried
from websakctl.source.districts import DistrictSection
from websakctl.source.documents import Documents
from websakctl.source.emitting import document as emitted
from websakctl.source.field_order import canonical
from websakctl.source.patching import Put, identical
from websakctl.source.sections import DEFAULTS, DISTRICT, OVERRIDES, TEMPLATES
from websakctl.source.yaml_entry import filled, in_template, under_defaults, value_when_omitted

Entry = dict[str, Any]
_WORTH = 6  # nodes that a default must save, so that reading in two places pays
_PATIENCE = 1.5  # how much larger overrides may be than entries of their own: they say that the districts mean the same
_DEPTH = {TEMPLATES: 2, OVERRIDES: 2}
_UNSAID = object()
NUMBER_UNKNOWN = "not in Websak: to be checked"


def nodes(value: Any) -> int:
    """How many keys and values a piece of config has: its size, however it is laid out."""
    if isinstance(value, Mapping):
        return 1 + sum(1 + nodes(v) for v in value.values())
    return 1 + sum(map(nodes, value)) if isinstance(value, list | tuple) else 1


# --- which districts there are


def recognise(live: State, kinds: Mapping[str, Kind]) -> tuple[dict[str, District], list[Left]]:
    """Find the districts in the live tree: units at the top with the top unit's key, and units below with the same prefix.

    Returns:
        The districts by slug, and top units that look like one but lack a fact. Their numbers are not in Websak: they are
        numbered in the order of their keys.
    """
    tree = next((kind for kind in kinds.values() if kind.root_key is not None), None)
    if tree is None:
        return {}, []
    parent = next(name for name, ref in tree.references.items() if ref.kind == tree.name)
    units = [r for a, r in live.items() if a.kind == tree.name and r.active]
    below = {r.fields.get(parent) for r in units}
    result: dict[str, District] = {}
    left: list[Left] = []
    for top in sorted((r for r in units if r.fields.get(parent) is None), key=lambda r: r.address.key):
        key = top.address.key
        prefix, _, local = key.partition("-")
        if local != tree.root_key or key not in below:
            continue
        facts = _facts(top, prefix, live, kinds, len(result) + 1)
        name = facts.pop("slug")
        try:
            convert(DistrictSection, facts)
        except ValidationError as error:
            missing = ", ".join(str(problem.path[0]) for problem in error.problems)
            left.append(
                Left(
                    address=top.address,
                    why=f"it looks like a district, and Websak does not say its {missing}; `districts add` it first",
                )
            )
            continue
        result[name] = District(slug=name, **facts)
    return result, left


def _facts(top: Resource, prefix: str, live: State, kinds: Mapping[str, Kind], number: int) -> dict[str, str]:
    name = str(top.fields.get("name") or "")
    numbers = [
        r
        for a, r in live.items()
        if kinds[a.kind].scoping is Scoping.DISTRICT and r.active and r.fields.get("unit") == top.address.key
    ]
    numbers.sort(key=lambda r: (r.fields.get("name") != name, r.address.key))
    short = str(top.fields.get("abbreviation") or "")
    return {
        "slug": numbers[0].address.scope if numbers else slug(name.removeprefix("Bydel ")),
        "name": name,
        "number": f"{number:02}",
        "orgnr": numbers[0].address.key if numbers else "",
        "short_name": short if short.isalpha() and 2 <= len(short) <= 5 else f"B{prefix}",
        "prefix": prefix,
    }


# --- what they have in common


@dataclass(slots=True)
class Shape:
    """The whole config: base sections, what every district gets, and by district what it overrides and has of its own."""

    base: dict[str, dict[str, Entry]] = field(default_factory=lambda: defaultdict(dict))
    templates: dict[str, dict[str, Entry]] = field(default_factory=lambda: defaultdict(dict))
    overrides: dict[str, dict[str, dict[str, Entry]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(dict))
    )
    own: dict[str, dict[str, dict[str, Entry]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))


def infer(
    entries: Mapping[Address, tuple[str, Entry]], kinds: Mapping[str, Kind], districts: Mapping[str, District]
) -> Shape:
    """Split entries into what all districts have and what each has, in whichever way is the smaller."""
    shape = Shape()
    for kind in kinds.values():
        by_district: dict[str, dict[str, Entry]] = defaultdict(dict)
        for address, (local, fields) in sorted(entries.items()):
            if address.kind == kind.name and address.scope == BASE:
                shape.base[kind.plural][local] = fields
            elif address.kind == kind.name:
                by_district[address.scope][local] = fields
        _factor_kind(kind, by_district, districts, shape)
    return shape


def _factor_kind(
    kind: Kind, by_district: dict[str, dict[str, Entry]], districts: Mapping[str, District], shape: Shape
) -> None:
    taken: set[tuple[str, str]] = set()
    for key, locals_ in _keys_of_all(by_district, districts).items() if len(districts) > 1 else ():
        if any((name, local) in taken for name, local in locals_.items()):
            continue
        group = {name: by_district[name][local] for name, local in locals_.items()}
        created = _template(kind, group, districts)
        if created is None:
            continue
        template, overrides = created
        shape.templates[kind.plural][key] = template
        for name, changed in overrides.items():
            shape.overrides[name][kind.plural][locals_[name]] = changed
        taken.update(locals_.items())
    shape.templates[kind.plural] = _as_tree(kind, shape.templates[kind.plural])
    for name, several in by_district.items():
        own = {local: fields for local, fields in several.items() if (name, local) not in taken}
        if own:
            shape.own[name][kind.plural] = _as_tree(kind, own)


def _keys_of_all(
    by_district: Mapping[str, Mapping[str, Entry]], districts: Mapping[str, District]
) -> dict[str, dict[str, str]]:
    """Keys that a template may have, with the key that each comes to in each district; only those that every one has."""
    result: dict[str, dict[str, str]] = defaultdict(dict)
    for name, several in by_district.items():
        for local in several:
            for text in in_template(local, districts[name]):
                result[text].setdefault(name, local)
    every = {text: locals_ for text, locals_ in result.items() if len(locals_) == len(districts)}
    return dict(sorted(every.items(), key=lambda item: ("{" in item[0], item[0])))


def _template(
    kind: Kind, group: Mapping[str, Entry], districts: Mapping[str, District]
) -> tuple[Entry, dict[str, Entry]] | None:
    """What a template says, and what districts say instead; ``None`` where entries of their own are smaller or needed."""
    template: Entry = {}
    overrides: dict[str, Entry] = defaultdict(dict)
    for name in kind.fields:
        values = {district: fields.get(name, _UNSAID) for district, fields in group.items()}
        if all(value is _UNSAID for value in values.values()):
            continue
        text = _most_fitting(values, districts)
        if text is not _UNSAID:
            template[name] = text
        for district, value in values.items():
            if _comes_to(text, value, districts[district]):
                continue
            if name not in kind.overridable:
                return None
            overrides[district][name] = (
                value_when_omitted(kind, name, districts[district]) if value is _UNSAID else value
            )
    cost = nodes(template) + sum(
        6 + nodes(changed) for changed in overrides.values()
    )  # a key, a reason and an owner each
    if cost > _PATIENCE * sum(1 + nodes(fields) for fields in group.values()):
        return None
    return template, overrides


def _most_fitting(values: Mapping[str, Any], districts: Mapping[str, District]) -> Any:
    candidates: list[Any] = []
    for district, value in values.items():
        for text in [value] if value is _UNSAID else in_template(value, districts[district]):
            if not any(text is c or identical(text, c) for c in candidates):
                candidates.append(text)
    return max(candidates, key=lambda text: sum(_comes_to(text, v, districts[d]) for d, v in values.items()))


def _comes_to(text: Any, value: Any, district: District) -> bool:
    if text is _UNSAID or value is _UNSAID:
        return text is value
    return identical(filled(text, district.placeholders()), value)


def _as_tree(kind: Kind, entries: dict[str, Entry]) -> dict[str, Entry]:
    """Each entry below the one it refers to as its parent, as a reader looks for it."""
    parent = next((name for name, ref in kind.references.items() if ref.kind == kind.name), None)
    if parent is None:
        return entries
    children: dict[str | None, list[str]] = defaultdict(list)
    for key, fields in entries.items():
        above = fields.get(parent, kind.root_key if key != kind.root_key else None)
        children[above if above in entries else None].append(key)
    result: dict[str, Entry] = {}
    waiting = sorted(children[None], key=lambda k: (k != kind.root_key, k), reverse=True)
    while waiting:
        key = waiting.pop()
        result[key] = entries[key]
        waiting += sorted(children[key], reverse=True)
    return result


def defaults_of(kind: Kind, entries: Mapping[str, Entry], district: District | None) -> Entry:
    """What the entries of a file have so much in common that saying it once is smaller."""

    def size(shared: Entry) -> int:
        return nodes(shared) + sum(nodes(under_defaults(kind, fields, shared, district)) for fields in entries.values())

    shared: Entry = {}
    for name, info in kind.fields.items():
        given = [fields[name] for fields in entries.values() if name in fields]
        if not given or name in kind.unique or (info.required and len(given) < len(entries)):
            continue
        best = Counter(map(repr, given)).most_common(1)[0][0]
        value = next(v for v in given if repr(v) == best)
        if size({**shared, name: value}) + _WORTH <= size(shared):
            shared[name] = value
    return shared


# --- as files


def factored(
    root: Path, inputs: ConfigInput, live: State, why: Why, numbered: bool
) -> tuple[WriteBack, dict[str, str]]:
    """Write everything that is live as a config, tried out.

    Args:
        root: A folder with no resources yet; settings and districts' facts may be there.
        inputs: What there is, with the districts in its config.
        live: The live setup, with each object in its district's scope.
        why: What overrides say of themselves.
        numbered: Whether the districts' numbers were made up.

    Returns:
        What is written and left out, and the files' texts; no file where an override would have no reason or owner.

    Raises:
        NotWritten: If the config would not be valid, or a plan would have something to do.
    """
    refused: dict[Address, str] = {}
    while True:
        adopter = Adopter(inputs, live, Documents(), refused)
        for address in sorted(a for a, r in live.items() if r.active and a.kind in inputs.kinds):
            adopter.take(address, ())
        shape = infer(adopter.entries, inputs.kinds, inputs.config.districts)
        result = _write_back(root, inputs, shape, why, numbered)
        result.left = [Left(address=a, why=reason) for a, reason in sorted(adopter.refused.items())]
        if result.unexplained:
            return result, {}
        files = result.files(root)
        after = tried(root, files)
        result.written = _written(adopter, after.origins)
        blamed = {} if after.valid else at_fault(after, adopter.entries)
        if after.valid or not blamed:
            check_adopted(inputs, live, sound(after), result.written)
            return result, files
        refused.update(blamed)


def _written(adopter: Adopter, origins: Mapping[Address, Any]) -> list[Written]:
    result = []
    for address, (local, fields) in sorted(adopter.entries.items()):
        origin = origins.get(address)
        if origin is not None:
            file = origin.document.file if origin.override is None else origin.override[0].file
            how = "as an override" if origin.override else "in the template" if origin.made_for else "as an entry"
            result.append(
                Written(address=address, path="", before=None, after={"key": local, **fields}, file=file, how=how)
            )
    return result


def _write_back(root: Path, inputs: ConfigInput, shape: Shape, why: Why, numbered: bool) -> WriteBack:
    result = WriteBack()
    for kind in inputs.kinds.values():
        sections: dict[str, Any] = {}
        if shape.base[kind.plural]:
            sections[kind.plural] = _as_tree(kind, shape.base[kind.plural])
        if shape.templates[kind.plural]:
            sections[TEMPLATES] = {kind.plural: shape.templates[kind.plural]}
        _file(root, result, f"config/{kind.plural}.yaml", sections)
    about = {"reason": why.reason or "", "owner": why.owner or ""}
    for name, district in inputs.config.districts.items():
        facts = {n: getattr(district, n) for n in fields_of(DistrictSection)}
        overrides = {
            plural: {key: {**fields, **about} for key, fields in several.items()}
            for plural, several in shape.overrides[name].items()
        }
        if overrides and (why.reason is None or why.owner is None):
            result.unexplained += [
                Address(kind.name, name, district.full_key(key) if kind.local_keys else key)
                for kind in inputs.kinds.values()
                for key in overrides.get(kind.plural, ())
            ]
        _file(
            root,
            result,
            f"districts/{name}/district.yaml",
            {DISTRICT: facts, **({OVERRIDES: overrides} if overrides else {})},
        )
        file = f"districts/{name}/district.yaml"
        if numbered and file in result.new:
            number = f'number: "{district.number}"'
            result.new[file] = result.new[file].replace(f"{number}\n", f"{number} # {NUMBER_UNKNOWN}\n")
        for kind in inputs.kinds.values():
            if own := shape.own[name].get(kind.plural):
                shared = defaults_of(kind, own, district)
                entries = {key: under_defaults(kind, fields, shared, district) for key, fields in own.items()}
                sections = {**({DEFAULTS: {kind.plural: shared}} if shared else {}), kind.plural: entries}
                _file(root, result, f"districts/{name}/{kind.plural}.yaml", sections)
    return result


def district_file(district: District, *, numbered: bool) -> str:
    """A district's own file with its facts; ``numbered``: its number was made up, and the file says so."""
    facts = {name: getattr(district, name) for name in fields_of(DistrictSection)}
    text = canonical(emitted({DISTRICT: facts}, depth=_DEPTH))
    number = f'number: "{district.number}"'
    return text.replace(f"{number}\n", f"{number} # {NUMBER_UNKNOWN}\n") if numbered else text


def _file(root: Path, result: WriteBack, file: str, sections: Mapping[str, Any]) -> None:
    if not sections:
        return
    if (root / file).exists():
        kept: Sequence[str] = (DISTRICT,)
        result.edit(file, *(Put(path=(name,), value=value) for name, value in sections.items() if name not in kept))
    else:
        result.new[file] = canonical(emitted(sections, depth=_DEPTH))
