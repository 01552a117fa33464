"""The adopt verb: live objects that the config does not have yet, written into it as entries."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from websakctl.model.address import BASE, Address
from websakctl.model.district import District
from websakctl.model.kind import Kind, referred
from websakctl.model.marks import Ref
from websakctl.model.resource import State
from websakctl.operations.change.make_plan import ConfigInput
from websakctl.operations.config.edit_entry import add_entries
from websakctl.operations.config.write_back import Left, NotWritten, WriteBack, Written, at_fault, sound, tried
from websakctl.plan.diff import compare
from websakctl.source.configuration import Configuration
from websakctl.source.documents import Documents, read_documents
from websakctl.source.yaml_entry import Unsayable, local_key, written_fields

Also = Callable[[Mapping[Address, str]], WriteBack]


def unmanaged(inputs: ConfigInput, live: State) -> list[Address]:
    """Live objects that are not in the config, and were not last time either."""
    result = compare(inputs.config.state, live, inputs.kinds, known=inputs.known, previously=inputs.config.previously)
    return sorted(result.unmanaged)


def adopt(
    root: Path, inputs: ConfigInput, live: State, desired: Sequence[Address], also: Also = lambda _: WriteBack()
) -> tuple[WriteBack, dict[str, str]]:
    """Write entries for live objects, and for what they refer to; what would make the config invalid is left out.

    Args:
        root: The config repository.
        inputs: What the config says.
        live: What there is.
        desired: What to adopt.
        also: What is written at the same time, given what is to be left out.

    Returns:
        What is written and left out, and the files' texts, tried out.

    Raises:
        NotWritten: If the config would not be valid, or a plan would have something to do.
    """
    documents = read_documents(root)
    refused: dict[Address, str] = {}
    while True:
        result = also(refused)
        result.add(Adopter(inputs, live, documents, refused).adopt(desired))
        files = result.files(root)
        if not files:
            return result, files
        after = tried(root, files)
        blamed = {} if after.valid else at_fault(after, {w.address for w in result.written} - refused.keys())
        if after.valid or not blamed:
            check_adopted(inputs, live, sound(after), result.written)
            return result, files
        refused.update(blamed)


def check_adopted(inputs: ConfigInput, live: State, after: Configuration, written: Iterable[Written]) -> None:
    """See that a plan has nothing to do for what was adopted.

    Raises:
        NotWritten: If it has.
    """
    addresses = {w.address for w in written if not w.path}
    result = compare(after.state, live, inputs.kinds, known={}, accepted=inputs.accepted, previously=after.previously)
    for change in result.changes:
        if change.address in addresses:
            fields = ", ".join(f.path for f in change.fields)
            raise NotWritten(f"{change.address}: a plan would {change.action} it ({fields})")
    if missing := addresses - after.state.keys():
        raise NotWritten(f"{min(missing)} would not be in the config")


def _referred_to(ref: Ref, key: str, scope: str, district: District | None) -> Address:
    own = ref.same_scope and not (ref.or_base and (district is None or district.local_key(key) == key))
    return Address(ref.kind, scope if own else BASE, key)


class Adopter:
    """Words live objects as entries, each after what it refers to."""

    def __init__(self, inputs: ConfigInput, live: State, documents: Documents, refused: Mapping[Address, str]) -> None:
        self.inputs, self.live, self.documents = inputs, live, documents
        self.config = inputs.config
        self.result = WriteBack()
        self.entries: dict[Address, tuple[str, dict[str, Any]]] = {}  # local key and fields
        self.refused = dict(refused)

    def adopt(self, desired: Iterable[Address]) -> WriteBack:
        """Write entries for what is wanted into the files that have their like."""
        for address in desired:
            self.take(address, ())
        by_section: dict[tuple[str, str], list[Address]] = {}
        for address in self.entries:
            by_section.setdefault((address.scope, address.kind), []).append(address)
        for (scope, kind), addresses in by_section.items():
            self._write(scope, self.inputs.kinds[kind], addresses)
        managed = self.config.state
        self.result.left += [Left(address=a, why=why) for a, why in sorted(self.refused.items()) if a not in managed]
        return self.result

    def take(self, address: Address, path: tuple[Address, ...]) -> bool:
        """Word an object, and first what it refers to; gives whether it is or will be in the config."""
        if address in self.config.state or address in self.entries or address in path:
            return True
        if address in self.refused:
            return False
        why = self._why_not(address, path)
        if why:
            self.refused[address] = why
        return not why

    def _why_not(self, address: Address, path: tuple[Address, ...]) -> str:
        live, kind = self.live.get(address), self.inputs.kinds[address.kind]
        if live is None:
            return "it is not in Websak"
        if not live.active:
            return "it is retired in Websak"
        district = self.config.districts.get(address.scope)
        if address.scope != BASE and district is None:
            return f"there is no district {address.scope} in the config"
        try:
            local, fields = local_key(kind, address.key, district), written_fields(kind, address, live.fields, district)
        except Unsayable as error:
            return str(error)
        for name, ref, key in referred(kind, live.fields):
            if ref.kind == "district":
                if key not in self.config.districts:
                    return f"its {name} name {key}, and there is no such district in the config"
            elif not self.take(_referred_to(ref, key, address.scope, district), (*path, address)):
                if name not in kind.kept:
                    return f"its {name} is {key}, which cannot be adopted"
                fields.pop(name, None)  # omitted, Websak's value is kept
        self.entries[address] = local, fields
        return ""

    # --- where it goes

    def _write(self, scope: str, kind: Kind, addresses: list[Address]) -> None:
        entries = dict(self.entries[address] for address in addresses)
        added, file = add_entries(self.documents, kind, scope, entries, self.config.districts.get(scope))
        self.result.add(added)
        self.result.written += [
            Written(
                address=a,
                path="",
                before=None,
                after={"key": self.entries[a][0], **self.entries[a][1]},
                file=file,
                how="as an entry",
            )
            for a in addresses
        ]
