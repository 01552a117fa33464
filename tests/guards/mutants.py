"""Altered copies of a module: each guard taken out, each comparison turned around or off by one, each condition negated."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

Change = Callable[[ast.AST], None]  # alters a node where it stands

_OPPOSITE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Gt: (ast.LtE, ast.GtE),
    ast.GtE: (ast.Lt, ast.Gt),
    ast.Lt: (ast.GtE, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}


def mutants(path: Path) -> Iterator[tuple[str, ModuleType]]:
    """Make the altered copies of a module, with what was done to each. Nothing is imported under the module's name."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    name = ".".join(path.with_suffix("").parts[-3:])
    for number, node in enumerate(ast.walk(tree)):
        for reported, change in _changes(node):
            altered = ast.parse(source)
            change(next(n for i, n in enumerate(ast.walk(altered)) if i == number))
            module = ModuleType(name)
            exec(compile(ast.fix_missing_locations(altered), f"<{reported}>", "exec"), module.__dict__)
            yield (
                f"{path.name}:{getattr(node, 'lineno', 0)}: {reported}: {ast.unparse(node).splitlines()[0][:70]}",
                module,
            )


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append" | "extend"))) | ast.Expr(value=ast.Yield()):
            yield "taken out", _set("value", ast.Constant(None))
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                for other in _OPPOSITE[type(op)]:
                    yield f"{type(op).__name__} made {other.__name__}", _replace("ops", at, other())
        case ast.BoolOp(op=op, values=values):
            yield "and/or exchanged", _set("op", ast.Or() if isinstance(op, ast.And) else ast.And())
            conditions = [
                at for at, value in enumerate(values) if not isinstance(value, ast.Constant)
            ]  # others: defaults
            for at in conditions:
                yield f"condition {at + 1} left out", _replace("values", at, ast.Constant(isinstance(op, ast.And)))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "negated", _set("operand", ast.UnaryOp(ast.Not(), operand))
        case ast.If(test=test) | ast.IfExp(test=test):
            yield "negated", _set("test", ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=ifs):
            for at in range(len(ifs)):
                yield "filter left out", _remove("ifs", at)
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            yield "one more", _set("value", value + 1)
            yield "one less", _set("value", value - 1)
        case ast.Call(func=ast.Name(id="Finding"), args=[guard, count, *_]):
            yield "counted wrong", _replace("args", 1, ast.BinOp(count, ast.Add(), ast.Constant(1)))
            yield "named otherwise", _replace("args", 0, ast.BinOp(guard, ast.Add(), ast.Constant("x")))
    for at, statement in enumerate(getattr(node, "body", []) if isinstance(node, ast.stmt) else []):
        if isinstance(statement, ast.Continue):
            yield "goes on", _replace("body", at, ast.Pass())


def _set(name: str, value: object) -> Change:
    return lambda node: setattr(node, name, value)


def _replace(name: str, at: int, value: object) -> Change:
    return lambda node: getattr(node, name).__setitem__(at, value)


def _remove(name: str, at: int) -> Change:
    return lambda node: getattr(node, name).__delitem__(at)
