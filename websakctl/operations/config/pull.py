"""The pull verb: live values of what is managed, written where the config says them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind
from websakctl.model.resource import State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.config.placing import NewValue, Placer, Why
from websakctl.operations.config.write_back import Left, NotWritten, WriteBack, Written
from websakctl.plan.change import Action
from websakctl.plan.diff import compare, same
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Documents
from websakctl.source.yaml_entry import Unsayable, value_when_omitted, written_fields


def pull(
    inputs: ConfigInput, live: State, documents: Documents, why: Why, refused: Mapping[Address, str] | None = None
) -> WriteBack:
    """Say in the config what Websak has, for all that is managed and selected and not ``refused``."""
    return _Puller(inputs, live, documents, why, refused or {}).pull()


def check_pulled(inputs: ConfigInput, live: State, after: Configuration, written: list[Written]) -> None:
    """See that the new config differs from the old in what was pulled only, and there is what Websak has.

    Raises:
        NotWritten: Otherwise.
    """
    before = inputs.config.state
    fields: dict[Address, set[str]] = defaultdict(set)
    merged = {w.address for w in written if not w.path}
    for w in written:
        fields[w.address].add(w.path)
    for address in before.keys() | after.state.keys():
        old, new = before.get(address), after.state.get(address)
        if address in merged and old is None:
            continue
        if old is None or new is None:
            raise NotWritten(f"{address} would also be added or removed")
        for name in old.fields.keys() | new.fields.keys():
            if name in fields[address]:
                existing = live[address].fields.get(name)
                if name in new.fields and not same(new.fields[name], existing):
                    raise NotWritten(f"{address}: {name} would not be what Websak has")
            elif not same(old.fields.get(name), new.fields.get(name)):
                raise NotWritten(f"{address}: {name} would change with it")


class _Puller:
    def __init__(
        self, inputs: ConfigInput, live: State, documents: Documents, why: Why, refused: Mapping[Address, str]
    ) -> None:
        self.inputs, self.live, self.documents, self.why, self.refused = inputs, live, documents, why, refused
        self.config = inputs.config
        self.result = WriteBack()

    def pull(self) -> WriteBack:
        placer = Placer(self.config, self.inputs.kinds, self.documents, self.why)
        placer.result = self.result
        return placer.place(self.differences())

    def district(self, address: Address) -> District | None:
        return self.config.districts.get(address.scope) if address.scope != BASE else None

    # --- what differs

    def differences(self) -> list[NewValue]:
        kinds = {name: kind.replace(observed=True) for name, kind in self.inputs.kinds.items()}
        desired = {a: r for a, r in self.config.state.items() if a in self.inputs.selection}
        difference = compare(
            desired,
            self.live,
            kinds,
            known=self.inputs.known,
            accepted=self.inputs.accepted,
            previously=self.config.previously,
        )
        result: list[NewValue] = []
        for change in sorted(difference.changes, key=lambda c: c.address):
            address = change.address
            if address not in desired:
                continue
            if change.action is not Action.UPDATE or address not in self.live:
                retired = address in self.live
                self.leave(
                    address,
                    "retired in Websak" if retired else "not in Websak",
                    "take it out of the config, or apply it",
                )
                continue
            if address in self.refused:
                self.leave(address, self.refused[address], "change it in Websak, or apply the config")
                continue
            names = {f.path.partition(".")[0] for f in change.fields}
            result += self.of_resource(address, names)
        return result

    def of_resource(self, address: Address, names: set[str]) -> list[NewValue]:
        kind, district = self.inputs.kinds[address.kind], self.district(address)
        old, live = self.config.state[address].fields, self.live[address].fields
        if "scope" in names:
            self.leave(address, "belongs to another district in Websak", "move its entry to that district's folder")
            return []
        if kind.key_mirror in names:
            names = names - {kind.key_mirror}
            self.leave(
                address, f"Websak has another {str(kind.key_mirror).replace('_', ' ')}", "apply gives it the config's"
            )
        result = []
        for name in sorted(names):
            if missing := self.missing(kind, address, live.get(name), name):
                self.leave(address, f"{name} is {missing}, which is not in the config", "adopt it first")
                continue
            try:
                words = written_fields(kind, address, {**old, name: live.get(name)}, district)
            except Unsayable as error:
                self.leave(address, f"{name} cannot be taken over: {error}", "change it in Websak, or apply the config")
                continue
            result.append(
                NewValue(
                    address=address,
                    name=name,
                    old=old.get(name),
                    live=live.get(name),
                    new=words.get(name, value_when_omitted(kind, name, None)),
                    is_said=name in words,
                )
            )
        return result

    def missing(self, kind: Kind, address: Address, value: Any, name: str) -> str:
        """What a reference would lead to that the config does not have."""
        ref = kind.references.get(name)
        if ref is None or value is None:
            return ""
        scope = address.scope if ref.same_scope else BASE
        for key in [value] if isinstance(value, str) else value:
            known = (
                key in self.config.districts
                if ref.kind == "district"
                else Address(ref.kind, scope, key) in self.config.state
                or (ref.or_base and Address(ref.kind, BASE, key) in self.config.state)
            )
            if not known:
                return str(key)
        return ""

    def leave(self, address: Address, why: str, what: str) -> None:
        self.result.left.append(Left(address=address, why=f"{why}; {what}"))
