"""An audit as Markdown, the page that text and HTML are made of; findings as a Markdown table.

What the hubs say is text on the page, never markup: the template `audit.md.j2` escapes and cuts
all that it prints.
"""

import re
from collections.abc import Collection, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from hubtrace.graph.format import (
    count,
    date,
    dated_sha,
    is_day,
    short_sha,
    shorten,
    timestamp,
    words,
)
from hubtrace.graph.text import for_markdown
from hubtrace.queries.audit.findings import GROUPS
from hubtrace.queries.audit.records import Audit, CommitFact, is_member
from hubtrace.queries.pages import LONGEST, is_safe
from hubtrace.queries.pages.bytecode import Compiled

if TYPE_CHECKING:
    from hubtrace.queries.audit.check import Checked

SECTIONS = {
    "findings": "Findings",
    "identity": "The model",
    "upstream": "Where it comes from",
    "origin": "Which commit it was made from",
    "files": "Large files",
    "bases": "Base models",
    "drift": "Upstream changes since then",
    "family": "Release pattern of its family",
    "history": "Events",
    "people": "Contributors",
    "unknown": "What is unknown",
    "method": "How this was determined",
}
"""The sections of the page in their order: name (for links to it) and heading."""

_MOST_CAUSES, _MOST_MODELS = 100, 10
"""Rows of a table of findings, and models that a row names: a comment has room for so many."""

# A URL stands between angle brackets; `is_safe` refuses spaces and backslashes. These could still
# end the destination, the cell of the table or begin a span of code.
_IN_DESTINATION = str.maketrans({"<": "%3C", ">": "%3E", "|": "%7C", "`": "%60", "&": "&amp;"})


def to_markdown(audit: Audit) -> str:
    """Return the audit's page as Markdown (CommonMark with tables)."""
    known = known_places(audit)

    link = partial(_link, known=known)

    def full_commit(fact: CommitFact) -> Markup:
        known_by_day = f"known only by its day, {date(fact.at)}"
        return link(known_by_day if is_day(fact.sha) else fact.sha, fact.url)

    def commit(fact: CommitFact) -> Markup:
        return link(short_sha(fact.sha, day="a commit"), fact.url)

    def dated(fact: CommitFact) -> Markup:
        return _inline(commit(fact), " of ", date(fact.at))

    def address(place: str | None) -> Markup:
        return link(place.partition("://")[2], place) if place and "://" in place else escape(place)

    projects = (
        (audit.identity.variant, audit.identity.name),
        *([(audit.upstream.repository, audit.upstream.name)] if audit.upstream else []),
    )
    return render_page(
        "audit.md.j2",
        audit=audit,
        link=link,
        full_commit=full_commit,
        commit=commit,
        dated=dated,
        address=address,
        names={key: name for key, name in projects if name},
        contributors={each.contributor: each.login or each.name for each in audit.people.variant},
    )


def render_page(template: str, **values: Any) -> str:
    """Return a page of Markdown made of a template of this package; see the module."""
    page = _environment().get_template(f"audit/{template}").render(values)
    return re.sub("\n{3,}", "\n\n", page).rstrip() + "\n"


def known_places(audit: Audit) -> frozenset[str]:
    """Return the URLs of the projects that the page is about: it may link to what is under them."""
    links = [link for link in (audit.upstream, *audit.others) if link]
    places = (audit.identity.url, *(link.url for link in links))
    return frozenset(place for place in places if place)


def _link(text: str, url: str | None, known: Collection[str] = ()) -> Markup:
    """Return `text` as a link to `url`, or as plain text where a page must not lead there."""
    if url is None or not is_safe(url, known):
        return escape(text)
    destination = url.translate(_IN_DESTINATION)
    # What could end the text or the destination was escaped or encoded just above.
    return Markup(f"[{escape(text)}](<{destination}>)")  # noqa: S704 - nothing in it is raw


def findings_to_markdown(checked: "Checked") -> str:
    """Return a table for a pull request or a job's summary: a row for each cause."""
    lines = [f"**hubtrace check**: {checked.total}"]
    causes = checked.causes
    if causes:
        lines += ["", "| model | finding | what was found | proof |", "|---|---|---|---|"]
    for cause in causes[:_MOST_CAUSES]:
        models = model_links([(found.name, found.variant) for found in cause.findings])
        proofs = (_link(each.partition("://")[2] or each, each) for each in cause.proof)
        cells = models, for_markdown(cause.kind), for_markdown(cause.text)
        lines.append(f"| {' | '.join(cells)} | {Markup('; ').join(proofs)} |")
    if len(causes) > _MOST_CAUSES:
        lines += ["", f"… {len(causes) - _MOST_CAUSES:,} more; `--format json` lists all."]
    if checked.accepted:
        lines += ["", "| model | accepted | what was found | until | by | reason |"]
        lines += ["|---|---|---|---|---|---|"]
        for each in checked.accepted:
            found, terms = each.finding, each.acceptance
            why = (terms.expires, terms.by or "", terms.reason)
            lines.append(_row(found.name, found.kind, found.text, *why))
    if checked.undecided:
        lines += ["", "| model | undecided | what is missing |", "|---|---|---|"]
        lines += [_row(each.name, each.kind, each.missing) for each in checked.undecided]
    return "\n".join(lines) + "\n"


def model_links(models: Sequence[tuple[str, str]]) -> Markup:
    """Return links to models by name and key, the first of many."""
    links = []
    for name, key in models[:_MOST_MODELS]:
        page = f"https://huggingface.co/{name}"  # as people write it, if it is still there
        links.append(_link(name, page if page.lower() == key else key))
    if more := len(models) - len(links):
        links.append(escape(f"and {count(more, 'more model')}"))
    return Markup(", ").join(links)


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(for_markdown, cells))} |"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("hubtrace.queries", ""),
        bytecode_cache=Compiled(__file__),
        # Everything that is not markup of ours is escaped by `escape`; Jinja's own escaping, which
        # comes after it, is for HTML and leaves `Markup` alone.
        autoescape=True,
        finalize=escape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        confidence=lambda value: "-" if value is None else f"{value:.2f}",
        count=count,
        date=date,
        timestamp=timestamp,
        number=lambda value: f"{value:,}",
        short=partial(short_sha, day="a commit"),
        words=words,
    )
    environment.globals.update(
        sections=SECTIONS,
        kinds=GROUPS["all"],  # what an audit looks for
        usual_kinds=GROUPS["usual"],
        inline=_inline,
        is_member=is_member,
        short_dated=dated_sha,
    )
    return environment


def escape(value: Any) -> Markup:
    """Return a value as Markdown that shows it as it is; nothing for None."""
    if isinstance(value, Markup):
        return value
    text = "" if value is None else for_markdown(shorten(str(value), LONGEST))
    return Markup(text)  # noqa: S704 - escaped, but for another language


def _inline(*parts: Any) -> Markup:
    return Markup("").join(map(escape, parts))
