"""A report in Markdown, for tickets and repositories: the page without its pictures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hubtrace.graph.text import for_markdown
from hubtrace.queries.changes import KINDS, Changes
from hubtrace.queries.pages.rendering import UNKNOWN, date, decimal, probability, short, whole
from hubtrace.queries.patterns import PATTERNS
from hubtrace.queries.report.build import flagged
from hubtrace.queries.report.formats.json import Document
from hubtrace.queries.study import STUDY

_LONGEST_CHANGE = 120


def changes_document(found: Changes) -> dict[str, Any]:
    """Return the changes as the report's JSON has them."""
    return {
        "before": {"name": found.before, "until": found.before_until},
        "after": {"name": found.after, "until": found.after_until},
        "counts": found.counts(),
        "changes": [asdict(change) for change in found.changes],
    }


def to_markdown(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the changes of a document."""
    before, after = (document[side] for side in ("before", "after"))
    yield f"From {_moment(before)} to {_moment(after)}.\n"
    if not document["changes"]:
        yield "Nothing changed.\n"
        return
    yield "| kind | family | what | before | after | when |"
    yield "|---|---|---|---|---|---|"
    for change in document["changes"]:
        cells = [
            change["kind"],
            _change_text(change["family"]),
            _change_text(change["what"]),
            _change_text(change["before"]),
            _change_text(change["after"]),
            UNKNOWN if change["at"] is None else date(change["at"]),
        ]
        yield f"| {' | '.join(cells)} |"
    told = ", ".join(f"{n} {KINDS[kind]}" for kind, n in document["counts"].items() if n)
    yield f"\n{told}.\n"


def _moment(side: Mapping[str, Any]) -> str:
    return f"{_change_text(side['name'])} ({date(side['until'])})"


def _change_text(text: str | None) -> str:
    return UNKNOWN if text is None else for_markdown(short(text, _LONGEST_CHANGE))


_LONGEST = 120
_TOTALS = {
    "families": "families",
    "repositories": "repositories upstream",
    "variants": "variants downstream",
    "upstream_commits": "commits upstream",
    "downstream_commits": "commits downstream",
    "switches": "switches of side",
    "left_behind": "commits left behind",
    "flagged_families": "families to look at",
}
_DIMENSIONS = {
    "code": "Patterns",
    "lag": "Who moves first",
    "sync": "Sync type",
    "intensity": "Intensity",
}


def markdown(document: Document) -> str:
    """Return the Markdown of a report's document."""
    return "\n".join(_lines(document)).rstrip() + "\n"


def _lines(document: Document) -> Iterator[str]:
    statistics = document["statistics"]
    until = document["until"]
    when = "as each family was last observed" if until is None else f"as of {date(until)} UTC"
    number = len(document["families"])
    noun = "family" if number == 1 else "families"
    yield f"# Synchronization report on {whole(number)} model {noun}"
    yield f"\nMade {date(document['made_at'])} UTC by {_text(document['tool'])}, {when}.\n"
    yield from _table(
        ["", "n"], [[name, whole(document["totals"][key])] for key, name in _TOTALS.items()], 1
    )
    yield from _attention(document)
    if "changes" in document:
        yield "## What changed\n"
        yield from to_markdown(document["changes"])
    yield "## Families\n"
    yield from _families(document["families"])
    for labels in statistics["labels"]:
        yield f"## {_DIMENSIONS[labels['dimension']]}\n"
        yield from _shares(labels["shares"])
    yield from _switches(statistics["switches"])
    yield from _moves(statistics["moves"])
    yield from _ages(statistics["ages"])
    yield from _change_types(statistics["change_types"])
    yield from _contributors(statistics["contributors"])
    yield from _left_behind(document["families"])
    yield "Shares: Wilson's 95 % intervals; other intervals: a bootstrap over families."
    yield f"Study: {STUDY}."


def _attention(document: Document) -> Iterator[str]:
    yield "## What needs attention\n"
    found = flagged(document)
    if not found:
        yield "Nothing.\n"
        return
    rows = [
        [_words(f.status), f.kind, _text(f.what), "; ".join(_text(p.text) for p in f.proofs)]
        for f in found
    ]
    yield from _table(["status", "kind", "what", "proof"], rows)


def _families(families: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        [
            _text(family["family"]),
            _words(family["status"]),
            family["code"] or UNKNOWN,
            _words(family["lag"]) if family["lag"] else UNKNOWN,
            f"{family['early_code'] or UNKNOWN} → {family['late_code'] or UNKNOWN}",
            decimal(family["stability"], 2),
            *(
                whole(family[key])
                for key in ("upstream_commits", "downstream_commits", "switch_count")
            ),
            decimal(family["median_lag_days"]),
            whole(family["left_behind"]),
        ]
        for family in families
    ]
    columns = ["family", "status", "pattern", "moves first", "early → late", "stability"]
    columns += ["commits up", "commits down", "switches", "median lag (days)", "left behind"]
    yield from _table(columns, rows, 6)


def _shares(shares: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        [
            share["label"].replace("_", " "),
            share["name"],
            f"{whole(share['count'])} of {whole(share['of'])}",
            decimal(share["percent"]),
            _interval(share["interval"]),
            decimal(share["published_percent"]),
        ]
        for share in shares
    ]
    yield from _table(["label", "name", "n", "%", "95 % interval", "study %"], rows, 4)


def _switches(switches: Mapping[str, Any]) -> Iterator[str]:
    yield "## Switches of side, in whole days\n"
    rows = []
    for row in switches["rows"]:
        study = row["published"]
        rows.append(
            [
                f"{row['group']} {PATTERNS.get(row['group'], '')}".strip(),
                whole(row["families"]),
                whole(row["switches"]),
                *(f"{decimal(row[key])} ({_interval(row[f'{key}_interval'])})" for key in _FIGURES),
                UNKNOWN
                if study is None
                else f"n {whole(study['switches'])}: "
                + ", ".join(decimal(study[key]) for key in _FIGURES),
            ]
        )
    yield from _table(["group", "families", "n", "mean", "median", "p90", "study"], rows, 6)
    yield _group_test("Lags by pattern", switches["by_pattern"])
    yield _group_test("Lags by direction", switches["by_direction"])
    pairs = [
        [pair["first"], pair["second"], probability(pair["p_value"]).replace("<", "\\<")]
        for pair in switches["by_pattern"]["pairs"]
    ]
    if pairs:
        yield "Dunn's test of every two patterns, p-values after Bonferroni's correction:\n"
        yield from _table(["pattern", "pattern", "p"], pairs, 1)


_FIGURES = ("mean", "median", "p90")


def _moves(moves: Mapping[str, Any]) -> Iterator[str]:
    yield "## Early and late half\n"
    kept = moves["unchanged"]
    yield (
        f"{whole(kept['count'])} of {whole(kept['of'])} families kept their pattern "
        f"({decimal(kept['percent'])} %, {_interval(kept['interval'])}); in the study "
        f"{decimal(kept['published_percent'])} %.\n"
    )
    rows = [
        [move["early"], move["late"], whole(move["families"]), whole(move["published"])]
        for move in moves["moves"]
        if move["families"]
    ]
    yield from _table(["early", "late", "families", "study"], rows, 2)


def _ages(ages: Mapping[str, Any]) -> Iterator[str]:
    yield "## Ages\n"
    codes = list(PATTERNS)
    rows = [
        [
            group["name"],
            whole(group["families"]),
            f"{whole(group['from_days'])} to {whole(group['to_days'])}",
            *(f"{group['codes'][code]} ({group['published_codes'][code]})" for code in codes),
        ]
        for group in ages["groups"]
    ]
    yield from _table(["group (study)", "families", "days", *codes], rows, 2 + len(codes))
    yield _association("Pattern and age", ages["codes"])
    yield _association("Who moves first and age", ages["lags"])


def _change_types(types: Mapping[str, Any]) -> Iterator[str]:
    yield "## Change types\n"
    if types["note"]:
        yield f"{types['note'].capitalize()}.\n"
        return
    rows = [
        [
            up["name"],
            *(
                f"{whole(s['count'])} of {whole(s['of'])}, {decimal(s['percent'])} %"
                for s in (up, down)
            ),
        ]
        for up, down in zip(types["upstream"], types["downstream"], strict=True)
    ]
    yield from _table(["type", "upstream", "downstream"], rows, 2)
    yield _association("Primary type and side", types["sides"])
    yield (
        f"Jaccard similarity of the two sides over {whole(types['families'])} families: mean "
        f"{decimal(types['similarity_mean'], 2)}, median {decimal(types['similarity_median'], 2)}; "
        f"the study: {types['published_mean']:.2f}, {types['published_median']:.2f}.\n"
    )


def _contributors(people: Mapping[str, Any]) -> Iterator[str]:
    yield "## Contributors\n"
    if people["note"]:
        yield f"{people['note'].capitalize()}.\n"
        return
    shared = people["shared"]
    yield (
        f"{whole(shared['count'])} of {whole(shared['of'])} families have a contributor on both "
        f"sides ({decimal(shared['percent'])} %, {_interval(shared['interval'])}); in the study "
        f"{decimal(shared['published_percent'])} %.\n"
    )


def _left_behind(families: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Left behind\n"
    rows = [
        [
            _text(family["family"]),
            family["tail"]["side"],
            date(family["tail"]["other_last_at"]),
            whole(family["tail"]["commits"]),
            ", ".join(_text(c["sha"][:10]) for c in family["tail"]["newest"][:3]),
        ]
        for family in families
        if family["tail"]
    ]
    yield from _table(["family", "side", "since", "commits", "the latest"], rows)


def _group_test(what: str, test: Mapping[str, Any]) -> str:
    if test["p_value"] is None:
        return f"{what}: not tested, for it {test['note']}.\n"
    return (
        f"{what}: Kruskal-Wallis H = {decimal(test['statistic'], 2)}, {test['degrees']} degrees of "
        f"freedom, n = {whole(test['n'])}, {_p_value(test)}.\n"
    )


def _association(what: str, test: Mapping[str, Any]) -> str:
    if test["p_value"] is None:
        return f"{what}: not tested, for it {test['note']}.\n"
    note = f" {test['note'].capitalize()}." if test["note"] else ""
    return (
        f"{what}: chi-squared = {decimal(test['statistic'], 2)}, {test['degrees']} degrees of "
        f"freedom, n = {whole(test['n'])}, {_p_value(test)}, "
        f"Cramér's V = {decimal(test['cramers_v'], 2)}.{note}\n"
    )


def _interval(bounds: Mapping[str, float] | None) -> str:
    return UNKNOWN if bounds is None else f"{decimal(bounds['low'])} to {decimal(bounds['high'])}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> list[str]:
    """Return a table of texts that are escaped; its last `numbers` columns are numbers."""
    left = len(columns) - numbers
    return [
        f"| {' | '.join(columns)} |",
        "|" + "---|" * left + "---:|" * numbers,
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def _words(text: str) -> str:
    return text.replace("_", " ")


def _text(text: str) -> str:
    return for_markdown(short(text, _LONGEST))


def _p_value(test: Mapping[str, Any]) -> str:
    shown = probability(test["p_value"])
    return f"p \\{shown}" if shown.startswith("<") else f"p = {shown}"
