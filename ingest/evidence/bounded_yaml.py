"""YAML from strangers, as strings, lists and maps: bounded before anything of it is built.

The base loader knows no types, so nothing is made of a text but text. What is bounded is how deep
it nests and how large it is once its aliases are followed: ten short lines can stand for a
billion nodes.
"""

from typing import Any

import yaml

_DEEPEST = 40
_NODES = 50_000
_LONGEST = 1 << 18
"""Characters; a longer workflow or front matter is not read."""

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The one in C where PyYAML has it: the same answers, many times faster."""


def read_yaml(text: str) -> Any:
    """Return a YAML document as `str`, `list` and `dict`; None if it is broken or out of bounds."""
    if len(text) > _LONGEST:
        return None
    try:
        if not _within_bounds(text):
            return None
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError):
        return None


def _within_bounds(text: str) -> bool:
    """Count the nodes of a document with every alias followed, without building any."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:  # an alias of what is still open: it holds itself
                return False
            total += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        if total > _NODES or len(open_nodes) > _DEEPEST:
            return False
    return True
