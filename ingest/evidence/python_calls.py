"""What Python code publishes to the Hub: its calls, with the values that are in the text.

The code is parsed and followed from top to bottom, never run: strings that are put together,
variables, loops over lists, functions that are called with a name, the environment, the defaults
of a command line.
"""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_LONGEST = 60_000
_VALUES = 64
"""Values of an expression that are followed."""
_CALLS = 2_000
_DEEPEST = 4
"""Functions that call each other."""
_UPLOADS = {
    *("upload_file", "upload_folder", "upload_large_folder", "create_commit", "create_commits"),
    *("push_to_hub", "push_to_hub_merged", "push_to_hub_gguf", "push_to_hub_keras"),
    *("push_to_hub_fastai", "push_to_hf_hub", "push_model_to_hub", "package_to_hub"),
    *("upload_to_hub", "upload_to_huggingface", "upload_to_hf"),
}
_NAMES = ("repo_id", "repo_name", "repo", "hub_model_id", "hub_repo_id", "model_id", "repository")
_FIRST = _UPLOADS - {"upload_file", "upload_folder", "push_to_hub_keras", "push_to_hub_fastai"}
"""Calls whose first argument can be the name."""
_SETTINGS = re.compile(r"(?:Training)?Arg(?:ument)?s$|Config$")
_DATA = re.compile(r"(?:^|_)(?:data|ds|dset|dataset|datasets|dataset_dict)$", re.IGNORECASE)
_MAKES_DATA = re.compile(r"(?:^|\.)(?:load_dataset|Dataset(?:Dict)?)(?:\.|$)")
_RAW = re.compile(
    r"(?:push_to_hub\(\s*|(?:repo_id|hub_model_id)\s*=\s*)[\"']([^\"'\s]{3,200})[\"']"
)
_READS = re.compile(r"download|model_info|from_pretrained|load_dataset|list_repo")

Scope = dict[str, tuple[str, ...]]
"""Variable → the values that it may have."""


def published(
    source: str, environment: Mapping[str, str], arguments: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yield the names of models that some code publishes to, each with the call that does it."""
    text = textwrap.dedent(source[:_LONGEST])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in a stranger's strings
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _by_lines(text)
        return
    reader = _Reader(environment, arguments)
    try:
        reader.read(tree.body, {}, 0)
    except RecursionError:
        return
    yield from reader.found
    if reader.pushes:
        yield from reader.settings


def _by_lines(text: str) -> Iterator[tuple[str, str]]:
    """Read code that cannot be parsed, such as half of a command line."""
    for line in text.split("\n"):
        code = line.partition("#")[0]
        is_model = "repo_type" not in code or "model" in code.partition("repo_type")[2][:12]
        pushes = any(f"{name}(" in code for name in _UPLOADS) and not _READS.search(code)
        if is_model and pushes:
            yield from ((match[1], match[0]) for match in _RAW.finditer(code))


@dataclass
class _Reader:
    environment: Mapping[str, str]
    arguments: Sequence[str]
    found: list[tuple[str, str]] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)
    """Names in settings, which count if anything is pushed."""
    pushes: bool = False
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    options: Scope = field(default_factory=dict)
    """Options of the command line → their values."""
    data: set[str] = field(default_factory=set)
    """Variables that hold data sets."""
    left: int = _CALLS
    taken: int = 0
    """Arguments of the command line that have a name."""

    def read(self, body: Sequence[ast.stmt], scope: Scope, depth: int) -> None:
        """Follow some statements."""
        for statement in body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions[statement.name] = statement
        for statement in body:
            self._statement(statement, scope, depth)
        if depth == 0 and not self.found:  # functions that other code calls
            for function in list(self.functions.values()):
                self.read(function.body, {**scope, **self._defaults(function, scope)}, _DEEPEST)

    def _statement(self, statement: ast.stmt, scope: Scope, depth: int) -> None:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            return
        if isinstance(statement, ast.ClassDef):
            self.read(statement.body, dict(scope), max(depth, 1))
            return
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            self._calls(statement.value, scope, depth)
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                self._assign(target, statement.value, scope)
            return
        if isinstance(statement, ast.For | ast.AsyncFor):
            self._loop(statement, scope, depth)
            return
        inner = [
            part
            for name in ("body", "orelse", "finalbody")
            for part in getattr(statement, name, ())
            if isinstance(part, ast.stmt)
        ]
        inner += [part for one in getattr(statement, "handlers", ()) for part in one.body]
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                self._calls(child, scope, depth)
            elif isinstance(child, ast.withitem):
                self._calls(child.context_expr, scope, depth)
        for nested in inner:
            self._statement(nested, scope, depth)

    def _assign(self, target: ast.expr, value: ast.expr, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope[target.id] = self._values(value, scope)
            if _MAKES_DATA.search(_dotted(value)):
                self.data.add(target.id)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple | ast.List):
            for part, one in zip(target.elts, value.elts, strict=False):
                self._assign(part, one, scope)

    def _loop(self, statement: ast.For | ast.AsyncFor, scope: Scope, depth: int) -> None:
        """Follow a loop once: its variable has any of the values."""
        rows = statement.iter
        pairs = isinstance(rows, ast.Call) and _dotted(rows).endswith(".items")
        if isinstance(statement.target, ast.Name):
            scope[statement.target.id] = self._values(rows, scope)
        elif isinstance(statement.target, ast.Tuple) and isinstance(rows, ast.List | ast.Tuple):
            for number, part in enumerate(statement.target.elts):
                if isinstance(part, ast.Name):
                    cells = [
                        row.elts[number]
                        for row in rows.elts
                        if isinstance(row, ast.Tuple | ast.List) and number < len(row.elts)
                    ]
                    scope[part.id] = tuple(v for cell in cells for v in self._values(cell, scope))
        elif isinstance(statement.target, ast.Tuple) and pairs:
            for part in statement.target.elts:
                if isinstance(part, ast.Name):
                    scope[part.id] = self._values(rows, scope)
        for inner in statement.body:
            self._statement(inner, scope, depth)

    def _calls(self, node: ast.AST, scope: Scope, depth: int) -> None:
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and self.left > 0:
                self.left -= 1
                self._call(call, scope, depth)

    def _call(self, call: ast.Call, scope: Scope, depth: int) -> None:
        path = _dotted(call)
        name = path.rpartition(".")[2]
        keywords = {one.arg: one.value for one in call.keywords if one.arg}
        if name == "add_argument":
            self._option(call, keywords, scope)
        elif name in _UPLOADS:
            self.pushes = True
            self._upload(call, path, name, keywords, scope)
        elif name in ("git_push", "push_to_hub_async"):
            self.pushes = True
        elif name == "Repository" and "clone_from" in keywords:
            self._note(self.settings, keywords["clone_from"], f"{name}(clone_from=", scope)
        elif _SETTINGS.search(name) and "hub_model_id" in keywords:
            self._note(self.settings, keywords["hub_model_id"], f"{name}(hub_model_id=", scope)
            push = keywords.get("push_to_hub")
            self.pushes |= isinstance(push, ast.Constant) and push.value is True
        elif name in self.functions and depth < _DEEPEST:
            function = self.functions[name]
            bound = self._defaults(function, scope)
            for parameter, value in zip(function.args.args, call.args, strict=False):
                bound[parameter.arg] = self._values(value, scope)
            bound |= {key: self._values(value, scope) for key, value in keywords.items()}
            self.read(function.body, {**scope, **bound}, depth + 1)

    def _upload(
        self,
        call: ast.Call,
        path: str,
        name: str,
        keywords: Mapping[str, ast.expr],
        scope: Scope,
    ) -> None:
        kinds = self._values(keywords["repo_type"], scope) if "repo_type" in keywords else ()
        owner = path.rpartition(".")[0].rpartition(".")[2]
        holds_data = owner in self.data or _DATA.search(owner) or _MAKES_DATA.search(path)
        if (kinds and "model" not in kinds) or holds_data:
            return
        named = next((keywords[key] for key in _NAMES if key in keywords), None)
        if named is None and name in _FIRST and call.args:
            named = call.args[0]
        if named is not None:
            self._note(self.found, named, f"{name}(", scope)

    def _note(self, names: list[tuple[str, str]], value: ast.expr, call: str, scope: Scope) -> None:
        names += ((name, f'{call}"{name}")') for name in self._values(value, scope))

    def _defaults(self, function: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> Scope:
        arguments = function.args
        pairs = [*zip(arguments.args[::-1], arguments.defaults[::-1], strict=False)]
        pairs += [
            (one, value)
            for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if value is not None
        ]
        return {one.arg: self._values(value, scope) for one, value in pairs}

    def _option(self, call: ast.Call, keywords: Mapping[str, ast.expr], scope: Scope) -> None:
        """Keep an option of the command line: what is given, else its default."""
        flags = [value for one in call.args for value in self._values(one, scope)]
        given: list[str] = []
        for word, following in zip(self.arguments, [*self.arguments[1:], ""], strict=True):
            flag, equals, value = word.partition("=")
            if flag in flags:
                given.append(value if equals else following)
        if flags and not flags[0].startswith("-"):  # the next argument that stands alone
            given += [word for word in self.arguments if not word.startswith("-")][self.taken :][:1]
            self.taken += 1
        if not given and "default" in keywords:
            given += self._values(keywords["default"], scope)
        for flag in flags:
            self.options[flag.lstrip("-").replace("-", "_")] = tuple(given)

    def _values(self, node: ast.expr, scope: Scope, depth: int = 0) -> tuple[str, ...]:
        """Return the strings that an expression may be; none where only a run would know."""
        if depth > 20:
            return ()
        values: list[str] = []
        if isinstance(node, ast.Constant):
            values = [node.value] if isinstance(node.value, str) else []
        elif isinstance(node, ast.Name):
            values = [*scope.get(node.id, ())]
        elif isinstance(node, ast.Attribute):
            values = [*self.options.get(node.attr, ())]
        elif isinstance(node, ast.JoinedStr):
            values = self._product(node.values, scope, depth)
        elif isinstance(node, ast.FormattedValue):
            values = [*self._values(node.value, scope, depth + 1)]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            values = self._product([node.left, node.right], scope, depth)
        elif isinstance(node, ast.BoolOp):
            values = [v for one in node.values for v in self._values(one, scope, depth + 1)][:1]
        elif isinstance(node, ast.IfExp):
            values = [
                v for one in (node.body, node.orelse) for v in self._values(one, scope, depth + 1)
            ]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            values = [v for one in node.elts for v in self._values(one, scope, depth + 1)]
        elif isinstance(node, ast.Dict):
            both = [*(key for key in node.keys if key is not None), *node.values]
            values = [v for one in both for v in self._values(one, scope, depth + 1)]
        elif isinstance(node, ast.Subscript):
            values = self._item(node, scope, depth)
        elif isinstance(node, ast.Call):
            values = self._result(node, scope, depth)
        return tuple(values[:_VALUES])

    def _product(self, parts: Sequence[ast.expr], scope: Scope, depth: int) -> list[str]:
        texts = [""]
        for part in parts:
            values = self._values(part, scope, depth + 1)
            texts = [f"{text}{value}"[:_LONGEST] for text in texts for value in values][:_VALUES]
        return texts

    def _item(self, node: ast.Subscript, scope: Scope, depth: int) -> list[str]:
        if _dotted(node.value).endswith("environ"):
            keys = self._values(node.slice, scope, depth + 1)
            return [self.environment[key] for key in keys if key in self.environment]
        if _dotted(node.value).endswith("argv"):
            number = node.slice.value if isinstance(node.slice, ast.Constant) else None
            words = list(self.arguments)
            return words[number - 1 : number] if isinstance(number, int) and number > 0 else []
        return [*self._values(node.value, scope, depth + 1)]

    def _result(self, node: ast.Call, scope: Scope, depth: int) -> list[str]:
        """Return what a call returns: of the environment, or of a string's methods."""
        path = _dotted(node)
        name = path.rpartition(".")[2]
        if path.endswith(("environ.get", "getenv")) and node.args:
            for key in self._values(node.args[0], scope, depth + 1):
                if key in self.environment:
                    return [self.environment[key]]
            rest = [*node.args[1:2], *(one.value for one in node.keywords)]
            return [v for one in rest for v in self._values(one, scope, depth + 1)]
        if name == "format" and isinstance(node.func, ast.Attribute):
            return self._formatted(node, node.func.value, scope, depth)
        if isinstance(node.func, ast.Attribute) and name in ("strip", "items", "values", "keys"):
            return [*self._values(node.func.value, scope, depth + 1)]
        if name in ("str", "enumerate", "sorted", "list") and node.args:
            return [*self._values(node.args[0], scope, depth + 1)]
        return []

    def _formatted(self, node: ast.Call, pattern: ast.expr, scope: Scope, depth: int) -> list[str]:
        filled = list(self._values(pattern, scope, depth + 1))
        named = [(str(n), one) for n, one in enumerate(node.args)]
        named += [(one.arg, one.value) for one in node.keywords if one.arg]
        for key, one in named:
            values = self._values(one, scope, depth + 1)
            filled = [
                text.replace(f"{{{key}}}", value).replace("{}", value, 1)
                for text in filled
                for value in values
            ][:_VALUES]
        return filled


def _dotted(node: ast.AST) -> str:
    """Return the dotted name of what is called or read: `HfApi.upload_file`."""
    if isinstance(node, ast.Call):
        return _dotted(node.func)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Name):
        return node.id
    return _dotted(node.value) if isinstance(node, ast.Subscript) else ""
