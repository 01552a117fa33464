"""JMESPath expressions of the repository's own (https://jmespath.org/specification.html), asked of what they judge.

An expression may take so many steps, and make a result of so many values: ``[@,@]`` behind a pipe doubles what is before it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

MAX_LENGTH = 10_000  # characters of an expression
MAX_STEPS = 3_000_000  # of its parts, each counted for each value that it is asked of: about two seconds
MAX_VALUES = 4_000_000  # in a result, counted as often as they stand in it; four characters of a text count as one
_WORK = 16  # values that a function or a comparison looks through in the time of one step


_Node = Any  # a part of an expression; the library's types do not name it


class CannotJudge(Exception):
    """An expression that fails on what it is asked of."""


def problem_of(expression: str) -> str | None:
    """What is wrong with an expression, if anything."""
    import jmespath
    from jmespath.exceptions import ParseError

    if len(expression) > MAX_LENGTH:
        return f"the expression has {len(expression)} characters; it may have {MAX_LENGTH}"
    try:
        jmespath.compile(expression)
    except ParseError as error:
        at = error.lex_position
        return "this is not JMESPath" + (f", at character {at + 1}" if isinstance(at, int) else "")
    except (ValueError, RecursionError) as error:  # its own are ValueErrors
        return f"this is not JMESPath: {str(error).splitlines()[0]}"
    return None


def search(expression: str, document: Mapping[str, Any]) -> Any:
    """What an expression finds.

    Raises:
        CannotJudge: If it fails there, as with a comparison on values of a wrong type or a name that the document does
            not have, or would take too long or find too much.
    """
    import jmespath

    if (problem := problem_of(expression)) is not None:
        raise CannotJudge(problem)
    try:
        return _interpreter()(document).visit(jmespath.compile(expression).parsed, document)
    except (TypeError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:  # its own are ValueErrors
        raise CannotJudge(next(iter(str(error).splitlines()), type(error).__name__)) from None


@cache
def _interpreter() -> Callable[[Mapping[str, Any]], Any]:
    """The library's interpreter with limits; made once, where an expression is asked at all."""
    from jmespath.functions import Functions
    from jmespath.visitor import TreeInterpreter

    functions = Functions()
    visit = TreeInterpreter.visit

    class Limited(TreeInterpreter):
        def __init__(self, document: Mapping[str, Any]) -> None:
            super().__init__()
            self._document = document
            self._steps = 0
            self._sizes: dict[int, int] = {}  # values in a list or mapping, by its id
            self._kept: list[Any] = []  # what was made on the way: an id is no other's as long as it is kept

        def visit(self, node: _Node, *args: Any, **kwargs: Any) -> Any:
            self._steps += 1
            if self._steps > MAX_STEPS:
                self._take(0)
            return visit(self, node, *args, **kwargs)

        def visit_field(self, node: _Node, value: Any) -> Any:
            if value is self._document and node["value"] not in self._document:
                raise CannotJudge(f"there is no {node['value']} to ask about; there is {', '.join(self._document)}")
            return super().visit_field(node, value)

        def visit_comparator(self, node: _Node, value: Any) -> Any:
            given = [self.visit(child, value) for child in node["children"]]
            for each in given:
                if isinstance(each, list | dict):
                    self._look_through(each)
            comparison: _Node = {"value": node["value"]}
            comparison["children"] = [{"type": "literal", "value": each} for each in given]
            return super().visit_comparator(comparison, None)

        def visit_function_expression(self, node: _Node, value: Any) -> Any:
            given = [self.visit(child, value) for child in node["children"]]
            for each in given:
                self._look_through(each)
            if node["value"] == "join" and len(given) == 2 and isinstance(given[0], str) and isinstance(given[1], list):
                self._limit(len(given[0]) * len(given[1]) // 4)
            return self._made(functions.call_function(node["value"], given))

        def visit_flatten(self, node: _Node, value: Any) -> Any:
            base = self.visit(node["children"][0], value)
            if not isinstance(base, list):
                return None
            self._limit(sum(len(each) if isinstance(each, list) else 1 for each in base))
            result: list[Any] = []
            for each in base:
                result.extend(each if isinstance(each, list) else [each])
            return self._made(result)

        def visit_multi_select_list(self, node: _Node, value: Any) -> Any:
            return self._made(super().visit_multi_select_list(node, value))

        def visit_multi_select_dict(self, node: _Node, value: Any) -> Any:
            return self._made(super().visit_multi_select_dict(node, value))

        def visit_projection(self, node: _Node, value: Any) -> Any:
            return self._made(super().visit_projection(node, value))

        def visit_value_projection(self, node: _Node, value: Any) -> Any:
            return self._made(super().visit_value_projection(node, value))

        def visit_filter_projection(self, node: _Node, value: Any) -> Any:
            return self._made(super().visit_filter_projection(node, value))

        def visit_slice(self, node: _Node, value: Any) -> Any:
            return self._made(super().visit_slice(node, value))

        def _take(self, steps: int) -> None:
            self._steps += steps
            if self._steps > MAX_STEPS:
                raise CannotJudge(f"it takes more than {MAX_STEPS} steps")

        def _look_through(self, value: Any) -> None:
            self._take(self._size(value) // _WORK)

        def _made(self, value: Any) -> Any:
            if isinstance(value, list | dict):
                self._kept.append(value)
                self._take(len(value) // 4)
            self._limit(self._size(value))
            return value

        def _size(self, value: Any) -> int:
            if isinstance(value, str):
                return 1 + len(value) // 4
            if not isinstance(value, list | dict):
                return 1
            size = self._sizes.get(id(value))
            if size is None:
                parts = value.values() if isinstance(value, dict) else value
                size = self._sizes[id(value)] = 1 + sum(map(self._size, parts))
            return size

        @staticmethod
        def _limit(size: int) -> None:
            if size > MAX_VALUES:
                raise CannotJudge(f"it makes more than {MAX_VALUES} values")

    return Limited
