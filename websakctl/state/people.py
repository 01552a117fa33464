"""What leaves this machine about people: keyed digests of codes and values, never the values.

A shared entry about a user names it by a digest of its code, and each changed field by a digest of its values; so do fields
of other kinds in which somebody may be named. Whoever has the state key and the config or Websak at hand can tell what
stands behind them; nobody else can. Of a reason that somebody typed only references to cases are shared.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from secrets import token_hex
from typing import Any, NoReturn
from unicodedata import normalize

import msgspec

from websakctl.kinds import all_kinds
from websakctl.model.address import Address
from websakctl.model.resource import State
from websakctl.redaction import DIGEST_END, DIGEST_START
from websakctl.state.branch import StateError
from websakctl.state.entries import AcceptedRow, Entry, KnownRow, Transaction

KIND = "user"
KEY_BYTES = 32
_USER = re.compile(r"user/([a-z0-9-]+)/(\[digest [0-9a-f]{16}\]|[^\s,;:'\"()=]+)")
# Of each sort of entry, what is shared. All else stays in the local journal: it may quote people or the server.
_SHARED: Mapping[str, frozenset[str]] = {
    "start": frozenset(
        [
            "environment",
            "user",
            "owner",
            "client_id",
            "reason",
            "typed",
            "ci",
            "plan",
            "config_digest",
            "allowed",
            "summary",
            "supersedes",
            "changes",
            "announced",
        ]
    ),
    "announced": frozenset({"addresses"}),
    "result": frozenset({"action", "status", "fields", "by", "environment"}),
    "judged": frozenset({"verdict"}),
    "resumed": frozenset({"left", "addresses"}),
    "stale": frozenset({"left"}),
    "stopped": frozenset({"counts"}),
    "end": frozenset({"counts", "superseded_by", "because"}),
    "normalised": frozenset({"path", "wanted", "made"}),
    "differs": frozenset({"path", "wanted", "made"}),
    "breaking lease": frozenset({"owner", "by"}),
    "lease broken": frozenset({"owner", "by"}),
    "lease not held": frozenset({"owner", "by"}),
    "access review": frozenset(
        {"environment", "district", "on", "digest", "source", "people", "findings", "not_checked", "incomplete"}
    ),
    "lock broken": frozenset({"owner", "by", "reason"}),
}
_VALUES = frozenset({"changes", "fields", "wanted", "made"})  # values of resources, which are no texts about them
_REFERENCE = re.compile(r"(?<![\w/])(?:(?:[Ss]ak|[Cc]ase) )?(?:\d{2,4}/\d{1,7}(?:-\d{1,4})?|[#!]\d{1,7})(?![\w/])")
HELD_BACK = "[held back]"
_CHANGE = ("kind", "scope", "action", "shared")


def new_key() -> str:
    """Make a state key: 32 random bytes, as hexadecimal digits."""
    return token_hex(KEY_BYTES)


class StateKey:
    """The key that an environment's digests and signatures are made with: 32 bytes, kept outside git.

    Raises:
        StateError: If the text is not 64 hexadecimal digits.
    """

    def __init__(self, text: str) -> None:
        if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
            raise StateError("the state key is not 64 hexadecimal digits", "see docs/operations.md, the state key")
        self._key = bytes.fromhex(text)

    def _mac(self, *parts: str) -> str:
        message = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    @property
    def check(self) -> str:
        """Tells whether two clones have the same key, and says nothing about it."""
        return self._mac("check")[:16]

    def sign(self, text: str) -> str:
        """Sign a text; 64 hexadecimal digits."""
        return self._mac("signature", text)

    def signed(self, text: str, signature: str) -> bool:
        """Whether a signature is one of this key over this text."""
        return hmac.compare_digest(self.sign(text).encode(), signature.encode("utf-8", "replace"))

    def code(self, code: str) -> str:
        """The digest that names a user."""
        return (
            code if is_digest(code) else f"{DIGEST_START}{self._mac('code', normalize('NFC', code))[:16]}{DIGEST_END}"
        )

    def value(self, code: str, path: str, value: Any) -> Any:
        """The digest of one value of one user's field; ``None`` stays: it says only that there is none."""
        if value is None or is_digest(value):
            return value
        text = normalize("NFC", json.dumps(value, ensure_ascii=False, sort_keys=True))
        return f"{DIGEST_START}{self._mac('value', self.code(code), path, text)[:16]}{DIGEST_END}"

    def address(self, address: Address) -> Address:
        """The address under which a resource is shared: a user's with the digest of its code."""
        return Address(address.kind, address.scope, self.code(address.key)) if address.kind == KIND else address


def without_people(text: str) -> str:
    """Of a text that somebody typed, the references to cases, such as ``Sak 27/1234``; whom the rest names, nobody can tell."""
    rest = _REFERENCE.sub("", text.replace(HELD_BACK, ""))
    if not any(map(str.isalnum, rest)):
        return text
    return ", ".join([*_REFERENCE.findall(text), HELD_BACK])


def is_digest(value: Any) -> bool:
    """Whether a value is one of these digests."""
    return isinstance(value, str) and value.startswith(DIGEST_START) and value.endswith(DIGEST_END)


class Sharing:
    """Makes of a transaction what may be shared of it. Without a key, none that is about people can be."""

    def __init__(self, key: StateKey | None) -> None:
        self._key = key

    def transaction(self, t: Transaction) -> Transaction | None:
        """What is shared of a transaction; ``None``: nothing.

        Raises:
            StateError: If it is about people and there is no key.
        """
        shared = Transaction(
            entries=tuple(entry for e in t.entries if (entry := self._entry(e)) is not None),
            applied=tuple(self._row(row) for row in t.applied),
            gone=tuple(self._text(address) for address in t.gone),
            accepted=tuple(self._accepted(row) for row in t.accepted),
            plan=t.plan,
        )
        return msgspec.structs.replace(shared, number=t.number) if shared != Transaction() else None

    def _keyed(self) -> StateKey:
        return self._key if self._key is not None else _no_key()

    def _entry(self, entry: Entry) -> Entry | None:
        names = _SHARED.get(entry.what)
        if names is None:
            return None
        body = {name: value for name, value in entry.body.items() if name in names}
        if entry.address is not None:
            about = Address.parse(entry.address)
            for name in ("wanted", "made"):
                if name in body:
                    body[name] = self._value(about, str(body.get("path", "")), body[name])
            if "fields" in body:
                body["fields"] = [
                    [path, *self._pair(about, path, before, after)] for path, before, after in body["fields"]
                ]
            if "by" in body:  # who says that they have set it
                body["by"] = self._keyed().value(str(about), "by", body["by"])
        if "reason" in body:
            self._hold_back(body)
        if "changes" in body:
            body["changes"] = [self._change(change) for change in body["changes"]]
        body = {name: value if name in _VALUES else self._texts(value) for name, value in body.items()}
        return Entry(
            run=entry.run,
            at=entry.at,
            what=entry.what,
            address=None if entry.address is None else self._text(entry.address),
            body=body,
        )

    @staticmethod
    def _hold_back(body: dict[str, Any]) -> None:
        """Of what somebody typed for a reason, keep no more than references; where it is not told apart, of all of it."""
        reason, typed = str(body["reason"] or ""), body.get("typed")
        if not isinstance(typed, str):
            body["reason"] = without_people(reason)
            return
        body["typed"] = without_people(typed)
        body["reason"] = reason.replace(typed, body["typed"]) if typed else reason

    def _value(self, about: Address, path: str, value: Any) -> Any:
        """What is shared of a value: of one that is about people, a digest."""
        subject = subject_of(about, path)
        return value if subject is None or value in ("", [], {}) else self._keyed().value(subject, path, value)

    def _pair(self, about: Address, path: str, before: Any, after: Any) -> tuple[Any, Any]:
        if path in ("active", "scope"):
            return before, after
        if path == "key" and about.kind == KIND:
            return tuple(v if v is None else self._keyed().code(v) for v in (before, after))  # type: ignore[return-value]  # two in, two out
        return self._value(about, path, before), self._value(about, path, after)

    def _change(self, change: Mapping[str, Any]) -> dict[str, Any]:
        about, requires = Address.parse(change["address"]), self._texts(change["requires"])
        fields = [
            {
                "path": f["path"],
                **dict(zip(("before", "after"), self._pair(about, f["path"], f["before"], f["after"]), strict=True)),
            }
            for f in change["fields"]
        ]
        if about.kind != KIND:
            return {**change, "fields": fields, "requires": requires}
        address = Address.parse(self._text(change["address"]))
        return {
            "address": str(address),
            **{name: change[name] for name in _CHANGE},
            "key": address.key,
            "fields": fields,
            "reason": "",
            "source": None,
            "requires": requires,
        }

    def _row(self, row: KnownRow) -> KnownRow:
        about = Address.parse(row.address)
        fields = {name: self._value(about, name, value) for name, value in row.fields.items()}
        return KnownRow(address=self._text(row.address), fields=fields, protected=row.protected)

    def _accepted(self, row: AcceptedRow) -> AcceptedRow:
        about = Address.parse(row.address)
        expected, created = (self._value(about, row.path, value) for value in (row.wanted, row.made))
        return AcceptedRow(address=self._text(row.address), path=row.path, wanted=expected, made=created)

    def _texts(self, value: Any) -> Any:
        """The same with every address of a user, in whatever text it stands, replaced."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._text(name): self._texts(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._texts(inner) for inner in value]
        return value

    def _text(self, text: str) -> str:
        if f"{KIND}/" not in text:
            return text
        code = _code_of(text)
        if code is not None:
            return str(self._keyed().address(Address.parse(text)))
        return _USER.sub(lambda m: f"{KIND}/{m[1]}/{self._keyed().code(m[2])}", text)


class People:
    """Tells which users, and which of their values, stand behind digests; what no state holds stays one.

    Args:
        key: The state key.
        states: Where the users are looked for: the config, live.
    """

    def __init__(self, key: StateKey, states: Iterable[State]) -> None:
        self._key = key
        self._fields: dict[str, list[Mapping[str, Any]]] = {}  # of users by code, of all else by address
        codes = set()
        for state in states:
            for address, resource in state.items():
                if address.kind == KIND:
                    codes.add(address.key)
                self._fields.setdefault(_subject(address), []).append(resource.fields)
        self._codes = {key.code(code): code for code in codes}

    def address(self, address: Address) -> Address:
        """The address with the code that its digest stands for."""
        if address.kind != KIND:
            return address
        return Address(KIND, address.scope, self._codes.get(address.key, address.key))

    def value(self, address: Address, path: str, value: Any) -> Any:
        """The value that a digest stands for."""
        if not is_digest(value):
            return value
        if path == "key":
            return self._codes.get(value, value)
        address = self.address(address)
        name, _, inner = path.partition(".")
        values = [fields.get(name) for fields in self._fields.get(_subject(address), ())]
        if inner:
            values = [value.get(inner) if isinstance(value, Mapping) else None for value in values]
        return reveal(self._key, subject_of(address, path) or "", path, value, values)


def reveal(key: StateKey, code: str, path: str, value: Any, candidates: Iterable[Any]) -> Any:
    """The candidate that a digest was made of, or the digest itself."""
    if not is_digest(value):
        return value
    return next((c for c in candidates if c is not None and key.value(code, path, c) == value), value)


def subject_of(address: Address, path: str) -> str | None:
    """Whom a value is about: a user's code, or the resource in whose field somebody may be named; ``None``: nobody."""
    kind = all_kinds().get(address.kind)
    named = address.kind == KIND or (kind is not None and path.partition(".")[0] in kind.names_people)
    return _subject(address) if named else None


def _subject(address: Address) -> str:
    return address.key if address.kind == KIND else str(address)


def _code_of(address: str | None) -> str | None:
    """The code of a user's address; ``None`` for any other."""
    if address is None or not address.startswith(f"{KIND}/"):
        return None
    parts = address.split("/", 2)
    return parts[2] if len(parts) == 3 else None


def _no_key() -> NoReturn:
    raise StateError(
        "the state key is not here, and nothing about users is shared without it",
        "ask a colleague for it and store it: keyring set websakctl state-key:ENVIRONMENT, or set WEBSAKCTL_STATE_KEY",
    )
