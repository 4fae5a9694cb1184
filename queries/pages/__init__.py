"""Templates into pages that escape all they show, ask no network and run only our own script."""

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape

from hubtrace.graph.format import date_time, shorten
from hubtrace.graph.text import for_markdown, for_people
from hubtrace.graph.urls import commit_url, is_web
from hubtrace.queries.pages.bytecode import Compiled

HUBS = frozenset({"github.com", "huggingface.co"})
"""Hosts that a page links to."""


def link(url: str | None, text: str, known: Collection[str] = ()) -> Markup:
    """Return `text` as a link to `url`, or as plain text where the page must not lead there.

    A link goes by http or https to GitHub or Hugging Face, or to a place under one of the `known`
    URLs (those that the graph has for its projects), and never names a user or a password.
    """
    shown = escape(for_people(text))
    if url is None or not is_safe(url, known):
        return shown
    return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(url, shown)


def is_safe(url: str, known: Collection[str] = ()) -> bool:
    """Return True if a page may lead to `url`; see `link`."""
    if for_people(url) != url or any(char in url for char in " \\"):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not is_web(url) or "@" in parts.netloc:
        return False
    places = filter(None, (place.rstrip("/") for place in known))
    return parts.netloc in HUBS or any(f"{url}/".startswith(f"{place}/") for place in places)


UNKNOWN = "–"  # noqa: RUF001 - an en dash, as tables have it
_FLOOR = 0.001
"""Smaller probabilities are shown as smaller than this."""


def whole(value: float | None) -> str:
    """Return a whole number with its thousands apart, e.g. `1,234`."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """Return a number with this many digits after the point."""
    return UNKNOWN if value is None else f"{value:,.{digits}f}"


def probability(value: float | None) -> str:
    """Return a p-value: three digits, or `< 0.001`."""
    if value is None:
        return UNKNOWN
    return f"< {_FLOOR}" if value < _FLOOR else f"{value:.3f}"


_FORMS: Mapping[str, Callable[[float | None], str]] = {
    "whole": whole,
    "decimal": decimal,
    "fine": lambda value: decimal(value, 2),
    "probability": probability,
}


def figure(document: Any, path: str, form: str = "whole") -> Markup:
    """Return the number at `path` of a record, e.g. `statistics.labels.0.shares.2.percent`.

    Raises:
        AttributeError, KeyError, IndexError: the record has no such value.
    """
    value = document
    for step in path.split("."):
        if value is None:
            break
        if isinstance(value, list | tuple):
            value = value[int(step)]
        else:
            value = value[step] if isinstance(value, Mapping) else getattr(value, step)
    return Markup('<data value="{}" data-json="{}">{}</data>').format(
        "" if value is None else value, path, _FORMS[form](value)
    )


@dataclass(frozen=True, slots=True)
class Site:
    """What stands above a page that `hubtrace serve` shows: a search, and the pages beside it."""

    pages: Sequence[tuple[str, str]] = ()
    """Addresses and names of the pages on the same thing."""
    here: str = ""
    """The page's own address."""
    tables: Mapping[str, str] = field(default_factory=dict)
    """Address of the page as data → what it is."""
    warnings: Sequence[str] = ()
    """What to know of the answer, in sentences."""


LONGEST = 300
"""Characters of a text that a page shows: a title of a megabyte must not drown the rest."""
_LONGEST_CELL = 120
"""Characters of a text in Markdown."""


def render(
    template: str,
    *,
    title: str,
    scripts: Sequence[str] = (),
    data: Any = None,
    site: Site | None = None,
    **values: Any,
) -> str:
    """Return a page made of `template`, a file of this package such as `report/report.html`.

    It extends `pages/base.html`. All that it prints is escaped, control characters made visible; a
    name that it is not given is an error. `scripts` are files of this package, the only code that
    the page may run; `data` is given to them as JSON, in the element `data`. A page of a `site` may
    send a form to where it came from.

    Raises:
        jinja2.TemplateError: the template is broken or lacks a value.
    """
    sources = [_resource(name) for name in scripts]
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            policy=policy(scripts, forms=site is not None),
            site=site,
            styles=Markup(_resource("pages/style.css")),  # noqa: S704 - a file of ours
            scripts=[Markup(source) for source in sources],  # noqa: S704 - files of ours
            data=data,
            **values,
        )
    )


def fragment(template: str, **values: Any) -> Markup:
    """Return a part of a page made of `template`; all that it prints is escaped, as in `render`."""
    made = _environment().get_template(template).render(values)
    return Markup(made)  # noqa: S704 - the template escapes all that it prints


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hubtrace.queries", ""),
        bytecode_cache=Compiled(__file__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(date=partial(date_time, missing="never"), short=shorten)
    environment.filters.update(whole=whole, decimal=decimal, probability=probability)
    environment.globals.update(link=link, commit_url=commit_url, figure=figure)
    return environment


def render_markdown(template: str, **values: Any) -> str:
    """Return a Markdown text made of `template`; all that it prints is escaped, and cut if long.

    Raises:
        jinja2.TemplateError: the template is broken or lacks a value.
    """
    environment = _environment().overlay(finalize=_as_markdown)
    return environment.get_template(template).render(values)


def _as_markdown(value: Any) -> Markup:
    """Return what a template prints as Markdown that shows it as it is."""
    if isinstance(value, Markup):
        return value
    text = UNKNOWN if value is None else shorten(str(value), _LONGEST_CELL)
    return Markup(for_markdown(text))  # noqa: S704 - escaped, but for another language


def _visible(value: Any) -> Any:
    """Return what a template prints, for people's eyes: autoescaping comes after this."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return for_people(value)
    return value


def policy(scripts: Sequence[str], *, forms: bool = False) -> str:
    """Return the Content-Security-Policy: nothing is fetched, and only these scripts run."""
    sources = [_resource(name).encode() for name in scripts]
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(source).digest()).decode()}'"
        for source in sources
    ]
    allowed = " ".join(hashes) or "'none'"
    sent_to = "'self'" if forms else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        f"base-uri 'none'; form-action {sent_to}"
    )


@cache
def _resource(name: str) -> str:
    return files("hubtrace.queries").joinpath(name).read_text("utf-8")
