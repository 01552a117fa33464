"""Every class of values is a frozen Struct whose fields are given by name, and writes both words itself."""

import ast
import inspect
import textwrap
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import msgspec
import pytest

import websakctl

PACKAGE = Path(websakctl.__file__).parent
TUPLES = {"Address", "Position", "Fix", "Span"}  # still tuples: they are taken apart and sorted as such


def _structs() -> list[type[msgspec.Struct]]:
    """Every Struct of the product."""
    for module in walk_packages(websakctl.__path__, "websakctl."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    result: list[type[msgspec.Struct]] = []
    todo: list[type[msgspec.Struct]] = [msgspec.Struct]
    while todo:
        children = todo.pop().__subclasses__()
        todo += children
        result += [child for child in children if child.__module__.startswith("websakctl.")]
    return result


def test_every_struct_is_frozen_and_takes_names_and_says_so_itself() -> None:
    """``kw_only`` does not inherit, and mypy wants ``frozen`` at every class."""
    structs = _structs()
    assert len(structs) > 150
    for struct in structs:
        if struct.__name__ == "row":  # made of the names that are asked for
            continue
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
        assert isinstance(node, ast.ClassDef)
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        assert (given.get("frozen"), given.get("kw_only")) == ("True", "True"), struct
        assert struct.__struct_config__.frozen, struct
        if fields := struct.__struct_fields__:
            with pytest.raises(TypeError, match="positional"):
                struct(*range(len(fields)))


def test_there_is_one_way_to_define_a_value() -> None:
    """A dataclass is what something changes; a value that nothing changes is a Struct."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef) or node.name in TUPLES:
                continue
            assert "NamedTuple" not in {ast.unparse(base).rpartition(".")[2] for base in node.bases}, (path, node.name)
            assert not any("frozen=True" in ast.unparse(d) for d in node.decorator_list), (path, node.name)
