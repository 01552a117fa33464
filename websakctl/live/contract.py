"""An OpenAPI document of the vendor's against what this client uses: what would break, and what could be used now."""

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from websakctl.live.usage import USED, Use, is_known, normal

_METHODS = ("get", "put", "post", "delete", "patch")
_DAY = re.compile(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b")


class What(StrEnum):
    """In which way a document differs from what is used."""

    GONE = "gone"  # an operation
    DEPRECATED = "deprecated"
    REQUIRED = "required"  # something that is not sent
    TYPE = "type"
    ENUM = "enum"
    UNKNOWN = "unknown"  # something that is sent and not known there
    UNREAD = "unread"  # something that is read and not answered
    NEW = "new"  # an operation, parameter or field that could be used


class Finding(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One difference; ``field``: of the request, the answer or the query, empty for the whole operation."""

    what: What
    operation: str
    field: str = ""
    detail: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding in two documents."""
        return self.what.value, normal(self.operation), self.field

    @property
    def message(self) -> str:
        """In a sentence."""
        of = f"{self.operation}: {self.field}" if self.field else self.operation
        match self.what:
            case What.GONE:
                return f"{of} is not there any more, and is used"
            case What.DEPRECATED:
                return f"{of} is deprecated, and is used: {self.detail}"
            case What.REQUIRED:
                return f"{of} is required, and is not sent"
            case What.TYPE | What.ENUM:
                return f"{of} {self.detail}"
            case What.UNKNOWN:
                return f"{of} is sent, and is not known there"
            case What.UNREAD:
                return f"{of} is read, and is not answered any more"
            case What.NEW:
                return f"{of} could be used now"


class NotADocument(ValueError):
    """It is no OpenAPI document."""


def version_of(document: Mapping[str, Any]) -> str:
    """Which version's operations this client would use of a server with this document."""
    newer = normal("GET /api/v2/departments/flat")
    return "3.3" if any(normal(o) == newer for o in operations_of(document)) else "3.0"


def operations_of(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every operation by method and path.

    Raises:
        NotADocument: If there are none.
    """
    paths = document.get("paths")
    if not isinstance(paths, Mapping) or not paths:
        raise NotADocument("it has no paths")
    return {
        f"{method.upper()} {path}": {
            **operation,
            "parameters": [*_list(item.get("parameters")), *_list(operation.get("parameters"))],
        }
        for path, item in paths.items()
        if isinstance(item, Mapping)
        for method, operation in item.items()
        if method in _METHODS and isinstance(operation, Mapping)
    }


def check_contract(
    document: Mapping[str, Any], before: Mapping[str, Any] | None = None, version: str | None = None
) -> list[Finding]:
    """What in a document breaks what this client uses, and what is new in it.

    Args:
        document: As it was published.
        before: An older one; only what differs from it is found. ``None``: this client's own knowledge stands for it.
        version: Whose operations are used; ``None``: what the document shows.
    """
    used = USED[version or version_of(document)]
    problems = {finding.key: finding for finding in _problems(document, used)}
    existing = operations_of(document)
    if before is None:
        new = [Finding(what=What.NEW, operation=o) for o in existing if not is_known(o)]
    else:
        old = {finding.key: finding for finding in _problems(before, used)}
        known = set(map(normal, operations_of(before)))
        added = [o for o in existing if normal(o) not in known]
        mended = (f for key, f in old.items() if key not in problems and f.what in (What.UNKNOWN, What.UNREAD))
        new = [
            *(Finding(what=What.NEW, operation=o) for o in added),
            *(Finding(what=What.NEW, operation=f.operation, field=f.field) for f in mended),
        ]
        problems = {key: finding for key, finding in problems.items() if key not in old}
    order = list(What)
    return sorted([*problems.values(), *new], key=lambda f: (order.index(f.what), f.operation, f.field))


def _problems(document: Mapping[str, Any], used: Iterable[Use]) -> Iterator[Finding]:
    existing = {normal(name): operation for name, operation in operations_of(document).items()}
    for use in used:
        operation = existing.get(normal(use.operation))
        if operation is None:
            yield Finding(what=What.GONE, operation=use.operation)
            continue
        if operation.get("deprecated"):
            yield Finding(what=What.DEPRECATED, operation=use.operation, detail=_sunset(operation))
        yield from _query(document, operation, use)
        body = _schema(document, _content(_resolved(document, operation.get("requestBody"))))
        yield from _request(document, body, use)
        yield from _answer(document, operation, use)


def _query(document: Mapping[str, Any], operation: Mapping[str, Any], use: Use) -> Iterator[Finding]:
    parameters = [_resolved(document, each) for each in operation["parameters"]]
    query = {each.get("name"): each for each in parameters if each.get("in") == "query"}
    for name in use.query:
        if name not in query:
            yield Finding(what=What.UNKNOWN, operation=use.operation, field=f"?{name}")
    for given, each in query.items():
        if each.get("required") and given not in use.query:
            yield Finding(what=What.REQUIRED, operation=use.operation, field=f"?{given}")


def _request(document: Mapping[str, Any], body: Mapping[str, Any], use: Use) -> Iterator[Finding]:
    properties = _properties(document, body)
    if not use.sends:
        return
    for name, type_ in use.sends.items():
        if name not in properties:
            yield Finding(what=What.UNKNOWN, operation=use.operation, field=name)
            continue
        yield from _typed(document, properties[name], use.operation, name, type_)
        values = _resolved(document, properties[name]).get("enum")
        if isinstance(values, list) and (missing := [v for v in use.values.get(name, ()) if v not in values]):
            yield Finding(
                what=What.ENUM, operation=use.operation, field=name, detail=f"does not take {', '.join(missing)}"
            )
    for name in _list(body.get("required")):
        if name not in use.sends:
            yield Finding(what=What.REQUIRED, operation=use.operation, field=str(name))


def _answer(document: Mapping[str, Any], operation: Mapping[str, Any], use: Use) -> Iterator[Finding]:
    answers = operation.get("responses")
    shown = [answers[s] for s in ("200", "201", 200, 201) if isinstance(answers, Mapping) and s in answers]
    schemas = [_schema(document, _content(_resolved(document, each))) for each in shown]
    schemas = [_schema(document, s.get("items")) if s.get("type") == "array" else s for s in schemas]
    properties = {name: each for schema in schemas for name, each in _properties(document, schema).items()}
    if not properties:
        return  # it does not say what it answers
    for name, type_ in use.reads.items():
        if name not in properties:
            yield Finding(what=What.UNREAD, operation=use.operation, field=name)
        else:
            yield from _typed(document, properties[name], use.operation, name, type_)


def _typed(document: Mapping[str, Any], schema: Any, operation: str, name: str, expected: str) -> Iterator[Finding]:
    resolved = _resolved(document, schema)
    types = resolved.get("type", "object" if "properties" in resolved or "allOf" in resolved else None)
    result = [t for t in (types if isinstance(types, list) else [types]) if t not in (None, "null")]
    if result and expected not in result:
        yield Finding(
            what=What.TYPE,
            operation=operation,
            field=name,
            detail=f"is {' or '.join(map(str, result))}, and {expected} was agreed",
        )


def _sunset(operation: Mapping[str, Any]) -> str:
    given = str(operation.get("x-sunset") or "") or str(operation.get("description") or "")
    day = _DAY.search(given)
    return f"it ends {day[0]}" if day else "no end is named"


# --- schemas


def _properties(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for part in _list(schema.get("allOf")):
        result |= _properties(document, _resolved(document, part))
    own = schema.get("properties")
    return result | (dict(own) if isinstance(own, Mapping) else {})


def _schema(document: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    return _resolved(document, schema)


def _content(owner: Mapping[str, Any]) -> Any:
    """The schema of the JSON content of a request or an answer."""
    content = owner.get("content")
    if not isinstance(content, Mapping):
        return None
    inner = next((each for name, each in content.items() if "json" in str(name)), next(iter(content.values()), None))
    return inner.get("schema") if isinstance(inner, Mapping) else None


def _resolved(document: Mapping[str, Any], node: Any) -> Mapping[str, Any]:
    """A node, and what it refers to within the document; nothing where that is not there."""
    for _ in range(20):
        if not isinstance(node, Mapping):
            return {}
        reference = node.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return node
        node = document
        for part in reference[2:].split("/"):
            node = node.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(node, Mapping) else None
    return {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
