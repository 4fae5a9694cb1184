"""Documents that are walks: their blocks of code are run, and what they show is compared."""

import ast
import contextlib
import io
import re
from typing import Any

_BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def blocks(document: str) -> list[tuple[str, str]]:
    """Return every block of code with what the document shows under it."""
    return [(code, shown) for code, shown in _BLOCK.findall(document)]


def run(code: str, names: dict[str, Any]) -> str:
    """Run a block as a notebook does; return what it prints and the value of its last line."""
    *statements, last = ast.parse(code).body
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(statements, []), "block", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "block", "eval"), names)
            if value is not None:
                print(value)
        else:
            exec(compile(ast.Module([last], []), "block", "exec"), names)
    return printed.getvalue()


def squeezed(text: str) -> list[str]:
    """Return lines without the spaces that only align them, and without a frame's last remarks."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not re.fullmatch(r"(Name: .*)?dtype: \S+", line)]
