"""Count the product's lines of code: without blanks, comments and docstrings.

    python bench/code_lines.py [FOLDER]

Prints one line for each folder directly below the package, and the total. A line counts if a token of code stands on it;
a docstring is the string that a module, a class or a function begins with. Lines of docstrings are counted beside it.
"""

import ast
import sys
import tokenize
from collections import Counter
from pathlib import Path

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstring_lines(source: str) -> set[int]:
    """The numbers of the lines that docstrings take."""
    result: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            result.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return result


def count(path: Path) -> tuple[int, int]:
    """Lines of code and of docstrings in one file."""
    with tokenize.open(path) as file:
        source = file.read()
    with path.open("rb") as raw:
        code = {
            line
            for token in tokenize.tokenize(raw.readline)
            if token.type not in _NO_CODE
            for line in range(token.start[0], token.end[0] + 1)
        }
    docstrings = docstring_lines(source)
    return len(code - docstrings), len(docstrings)


def main() -> None:
    """Count what is below the folder that is named, by default ``websakctl``."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "websakctl"
    code, docstrings = Counter[str](), Counter[str]()
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root).parts
        place = inside[0] if len(inside) > 1 else "."
        lines, words = count(path)
        code[place] += lines
        docstrings[place] += words
    for place in sorted(code):
        sys.stdout.write(f"{place:<12} {code[place]:>6} code {docstrings[place]:>6} docstring\n")
    sys.stdout.write(f"{'total':<12} {code.total():>6} code {docstrings.total():>6} docstring\n")


if __name__ == "__main__":
    main()
