"""Every class of values is a frozen Struct whose fields are given by name, and writes both words itself."""

import ast
import inspect
import pickle
import textwrap
from functools import cached_property
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import msgspec
import pytest

import websakctl
from websakctl.fleet.carrying import Carried, Parcel
from websakctl.fleet.job import Job, Result
from websakctl.source.parsing import parse

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


def test_every_struct_can_be_found_by_name_where_it_is_pickled() -> None:
    """Neither in ``__main__`` nor in a function: a worker of a cluster imports it."""
    for struct in _structs():
        if struct.__name__ != "row":  # what an answer is decoded to, and thrown away
            assert "<locals>" not in struct.__qualname__ and not struct.__module__.endswith("__main__"), struct
            assert getattr(import_module(struct.__module__), struct.__qualname__) is struct
    job = Job(fleet="f", target="a", root="r", environment="e", state_dir="s", steps=(("plan",),))
    job = msgspec.structs.replace(job, parcel=Parcel(config=b"zip"))
    done = Result(target="a", environment="e", exit_code=0, documents={"plan": {}}, journal=Carried(packed=b"z"))
    assert pickle.loads(pickle.dumps((job, done))) == (job, done)


def test_a_struct_has_a_dict_only_for_what_it_keeps_there() -> None:
    """A dict is 100 bytes an object, and a property that is kept pays from its second use on."""
    having = {struct for struct in _structs() if struct.__dictoffset__}
    assert {s.__name__ for s in having} >= {"Kind", "Ground"}
    for struct in having:
        assert any(isinstance(each, cached_property) for base in struct.__mro__ for each in vars(base).values()), struct


def test_what_comes_out_of_a_file_is_of_plain_types() -> None:
    """No text or number of ruamel's own, which remembers how it was written and compares more slowly."""
    text = "a: 0o17\nb: 0x1F\nc: 1_000\nd: 1.50\ne: 'x'\nf: \"y\"\ng: |\n  z\nh: ~\ni: true\nj: 2027-01-31\nk: [1, p]\nl: &m q\n"
    top = parse(text, "f.yaml").value
    assert len(top) == 12
    assert {type(key) for key in top} == {str}
    values = [*top.values(), *top["k"]]
    assert {type(value) for value in values if not isinstance(value, list)} <= {str, int, float, bool, type(None)}


def test_there_is_one_way_to_define_a_value() -> None:
    """A dataclass is what something changes; a value that nothing changes is a Struct."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef) or node.name in TUPLES:
                continue
            assert "NamedTuple" not in {ast.unparse(base).rpartition(".")[2] for base in node.bases}, (path, node.name)
            assert not any("frozen=True" in ast.unparse(d) for d in node.decorator_list), (path, node.name)


PARTLY_READ = {  # live objects, of which not every field was read, and exceptions, which several kinds have
    ("websakctl/source/rules/periods.py", "exceptions"), ("websakctl/rollout/capacity.py", "role"),
    ("websakctl/rollout/gates.py", "external_id"), ("websakctl/rollout/gates.py", "mail_group"),
}  # fmt: skip


def test_rules_read_fields_by_attribute_so_that_mypy_sees_a_typo() -> None:
    by_text = set()
    for folder in ("source/rules", "rollout", "plan"):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                holder, name = None, None
                if isinstance(node, ast.Subscript):
                    holder, name = node.value, node.slice
                elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                    holder, name = node.func.value, next(iter(node.args), None)
                if isinstance(holder, ast.Attribute) and holder.attr == "fields" and isinstance(name, ast.Constant):
                    by_text.add((path.relative_to(PACKAGE.parent).as_posix(), name.value))
    assert by_text == PARTLY_READ
