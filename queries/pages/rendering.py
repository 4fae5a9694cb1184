"""Templates into pages that escape all they show, ask no network and run only our own script."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from graph.text import for_people
from queries.pages.figures import decimal, figure, probability, whole
from queries.pages.links import commit_url, link

DAY = 86_400
_LONGEST = 300
"""Characters of a text that a page shows: a title of a megabyte must not drown the rest."""


def render(
    template: str, *, title: str, scripts: Sequence[str] = (), data: Any = None, **values: Any
) -> str:
    """Return a page made of `template`, a file of this package such as `report/report.html`.

    It extends `pages/base.html`. All that it prints is escaped, control characters made visible; a
    name that it is not given is an error. `scripts` are files of this package, the only code that
    the page may run; `data` is given to them as JSON, in the element `data`.

    Raises:
        jinja2.TemplateError: the template is broken or lacks a value.
    """
    sources = [_resource(name) for name in scripts]
    return (
        _environment()
        .get_template(template)
        .render(
            title=title,
            policy=_policy(sources),
            styles=Markup(_resource("pages/style.css")),  # noqa: S704 - a file of ours
            scripts=[Markup(source) for source in sources],  # noqa: S704 - files of ours
            data=data,
            **values,
        )
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("queries", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(date=date, day=day, short=short)
    environment.filters.update(whole=whole, decimal=decimal, probability=probability)
    environment.globals.update(link=link, commit_url=commit_url, figure=figure)
    return environment


def short(text: str, longest: int = _LONGEST) -> str:
    """Return `text`, cut with an ellipsis if it has more than `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _visible(value: Any) -> Any:
    """Return what a template prints, for people's eyes: autoescaping comes after this."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return for_people(value)
    return value


def date(seconds: int | None) -> str:
    """Return epoch seconds as an ISO date for people, with the time unless it is midnight."""
    return _moment(seconds, "%Y-%m-%d %H:%M" if seconds is None or seconds % DAY else "%Y-%m-%d")


def day(seconds: int | None) -> str:
    """Return epoch seconds as an ISO date, for people; `never` if there are none."""
    return _moment(seconds, "%Y-%m-%d")


def _moment(seconds: int | None, form: str) -> str:
    if seconds is None:
        return "never"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime(form)
    except (OverflowError, ValueError, OSError):  # git takes years that no calendar has
        return f"@{seconds}"


def _policy(scripts: Sequence[str]) -> str:
    """Return the Content-Security-Policy: nothing is fetched, and only these scripts run."""
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
        for source in scripts
    ]
    allowed = " ".join(hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _resource(name: str) -> str:
    return files("queries").joinpath(name).read_text("utf-8")
