"""The work list as people get it: Markdown with check boxes, and rows for a spreadsheet; in bokmål or English."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_origin

from websakctl.model.address import BASE
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.vocabulary import FIELDS, word_for
from websakctl.operations.rollout.work_list import Item, WorkList
from websakctl.plan.change import Action, FieldChange
from websakctl.report.formats.markdown import literal as escaped
from websakctl.report.texts import Language, counted, text, translated
from websakctl.report.texts.bokmaal import BOKMAAL
from websakctl.report.texts.dates import day
from websakctl.report.view_models import TableReport

_VERBS = {
    Action.CREATE: "Set up",
    Action.UPDATE: "Change",
    Action.ACTIVATE: "Set up again",
    Action.DEACTIVATE: "Take away",
    Action.DELETE: "Take away",
}

_PARTS = ("reference", "what", "reason", "owner", "unit", "until")  # of a statutory basis, of an exception


class Wording:
    """Names of kinds, fields and values as a language has them."""

    def __init__(self, kinds: Mapping[str, Kind], districts: Mapping[str, District], language: Language) -> None:
        self.kinds, self.districts, self.language = kinds, districts, language

    def text(self, english: str, **values: object) -> str:
        """A text in the language."""
        return text(english, self.language, **values)

    def kind(self, name: str) -> str:
        """What the kind is called: a title reads ``committee (utvalg) …``."""
        english, _, rest = self.kinds[name].title.partition(" (")
        norwegian = rest.partition(")")[0]
        return norwegian if self.language == "nb" and norwegian else english

    def field(self, kind: str, path: str) -> str:
        """What a field is called; of a mapping's entry its key too."""
        if path == "active":
            return self.text("in use")
        name, dot, key = path.partition(".")
        word = word_for(kind, name)
        label = (word.norwegian if self.language == "nb" else word.english) if word else name
        return f"{label}, {self.district(key) if key in self.districts else key}" if dot else label

    def value(self, kind: str, path: str, value: Any) -> str:
        """A field's value in words; ``–`` for none."""
        field = self.kinds[kind].fields.get(path)
        chosen = field is not None and isinstance(value, str) and get_origin(field.type) is Literal
        if chosen and self.language == "nb":
            return BOKMAAL.get(str(value), str(value))
        return self.plain(value)

    def plain(self, value: Any) -> str:
        """A value of no field."""
        if value is None or value == [] or value == {} or value == "":
            return "–"
        if isinstance(value, bool):
            return self.text("yes") if value else self.text("no")
        if isinstance(value, Mapping):
            return "; ".join(
                f"{self._part(key)}: {self.plain(inner)}" for key, inner in value.items() if inner is not None
            )
        if isinstance(value, list | tuple):
            return ", ".join(self.plain(inner) for inner in value)
        return str(value)

    def _part(self, key: str) -> str:
        """What a part of a value is called."""
        if key in self.districts:
            return self.district(key)
        word = FIELDS.get(key)
        if word is not None:
            return word.norwegian if self.language == "nb" else word.english
        return self.text(key) if key in _PARTS else key

    def district(self, scope: str) -> str:
        """A district's name; of the base, that it is done once."""
        return (
            self.text("Once for all districts")
            if scope == BASE
            else self.districts[scope].name
            if scope in self.districts
            else scope
        )


def shown_fields(item: Item, kind: Kind) -> Sequence[FieldChange]:
    """What to set, in the kind's own order: of what is set up again only what is said, of what goes nothing."""
    if item.change.action.removes:
        return ()
    again = item.change.action is Action.CREATE
    order = {name: place for place, name in enumerate(kind.managed_fields)}
    given = [f for f in item.change.fields if f.path != "active" and not (again and f.after in (None, [], {}, ""))]
    return sorted(given, key=lambda f: order.get(f.path.partition(".")[0], -1))


def markdown(work: WorkList, wording: Wording, *, today: str) -> str:
    """Write the list with a check box for each item: what is done once, then each district, in the order of doing."""
    say, n = wording.text, len(work.items)
    lines = [f"# {say('Work list for {environment}', environment=escaped(work.environment))}", ""]
    lines.append(f"{day(today, wording.language)} · {counted('{n} item left|{n} items left', wording.language, n)}")
    lines.append("")
    if n:
        lines.append(
            say("What stands here has no API in this Websak, so people set it. Do it in this order, and record it:")
        )
        lines += [
            "",
            "```",
            f'websakctl worklist done ID --by "{say("NAME")}" --evidence "{say("LINK OR TEXT")}"',
            "```",
            "",
        ]
    for scope, items in _by_scope(work.items):
        lines += [f"## {escaped(wording.district(scope))}", ""]
        lines += [line for item in items for line in _item(item, wording)]
        lines.append("")
    if work.others:
        lines += [f"## {say('Shows by itself when it is done')}", ""]
        lines += [
            f"- [ ] {escaped(str(step.address))}: {escaped(translated(step.what, wording.language))}"
            for step in work.others
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _by_scope(items: Iterable[Item]) -> Iterator[tuple[str, list[Item]]]:
    scopes: dict[str, list[Item]] = {}
    for item in items:
        scopes.setdefault(item.address.scope, []).append(item)
    yield from sorted(scopes.items(), key=lambda pair: (pair[0] != BASE, pair[0]))


def _item(item: Item, wording: Wording) -> Iterator[str]:
    address = item.address
    name = f" «{escaped(item.label)}»" if item.label else ""
    after = f" · {wording.text('after {items}', items=', '.join(item.after))}" if item.after else ""
    verb = wording.text(_VERBS[item.change.action])
    yield f"- [ ] {item.number}. **{verb}** {wording.kind(address.kind)} {escaped(address.key)}{name} · `{item.id}`{after}"
    for f in shown_fields(item, wording.kinds[address.kind]):
        was, desired = (escaped(wording.value(address.kind, f.path, value)) for value in (f.before, f.after))
        before = "" if item.change.action is Action.CREATE else f"{was} → "
        yield f"  - {escaped(wording.field(address.kind, f.path))}: {before}{desired}"


def rows(work: WorkList, wording: Wording) -> TableReport:
    """Write the list for a spreadsheet: one row for each field to set."""
    say = wording.text
    columns = (
        "Done",
        "ID",
        "No.",
        "Where",
        "Kind",
        "Key",
        "Name",
        "What to do",
        "Field",
        "Before",
        "After",
        "Items first",
    )
    result: list[tuple[Any, ...]] = []
    for item in work.items:
        address = item.address
        head = (
            "[ ]",
            item.id,
            item.number,
            wording.district(address.scope),
            wording.kind(address.kind),
            address.key,
            item.label,
            say(_VERBS[item.change.action]),
        )
        after = ", ".join(item.after)
        fields = [
            (
                wording.field(address.kind, f.path),
                wording.value(address.kind, f.path, f.before),
                wording.value(address.kind, f.path, f.after),
            )
            for f in shown_fields(item, wording.kinds[address.kind])
        ]
        result.extend((*head, *field, after) for field in fields or [("", "", "")])
    return TableReport(headline="", columns=tuple(say(column) for column in columns), rows=result)
