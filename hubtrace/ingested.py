"""What an ingestion brought in, told to people (words) and to programs (rows)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph.text import count
from hubtrace.output import Format, print_json, print_rows
from hubtrace.progress import say

if TYPE_CHECKING:
    from ingest.adoption import Adopted
    from ingest.discovery import Reason
    from ingest.load.loader import Loaded
    from ingest.pipeline import Ingested

COLUMNS = ("family", "upstream", "variants", "evidence", "confidence", "new_commits")
_SCHEMA = "hubtrace.ingest/1"
_SHOWN = 10
"""Lines of one kind; more are counted only."""


def say_ingested(result: "Ingested", snapshot: Path) -> None:
    """Tell what came in, what happened, what was left out and what failed."""
    _say_some("warning: ", _grouped(result.warnings))
    _say_some("cut: ", result.cut)
    _say_some("", _events(result))
    _say_some("family ", _families(result))
    _say_some("apart: ", map(_apart, (r for r in result.reasons if r.family is None)))
    _say_some("tip: ", result.tips)
    unchanged = sum(not written.changed for written in result.projects.values())
    if result.projects:
        say(
            f"read {count(len(result.projects), 'project')} "
            f"of {count(len(result.families), 'family')} into {snapshot}: "
            f"{count(result.commits, 'new commit')}, {count(unchanged, 'project')} unchanged"
        )
    for project, reason in result.failures.items():
        say(f"failed: {project.name}: {reason.removeprefix(f'{project.name}: ')}")
    if result.failures:
        failed = count(len(result.failures), "project")
        say(f"{failed} failed; run the same command again to retry")


def print_ingested(
    result: "Ingested", snapshot: Path, loaded: "Loaded | None", format_: Format
) -> None:
    """Print the families that came in, as rows; as JSON, all that there is to tell."""
    rows = list(_rows(result, snapshot)) if result.projects else []
    if format_ is not Format.JSON:
        if (rows and result.reasons) or format_ is not Format.TABLE:
            print_rows(rows, COLUMNS, format_, _SCHEMA)
        return
    print_json(
        {
            "schema": _SCHEMA,
            "snapshot": str(snapshot),
            "families": rows,
            "reasons": [_reason(reason) for reason in result.reasons],
            "adopted": [asdict(one) for one in result.adopted],
            "projects": list(_projects(result)),
            "warnings": result.warnings,
            "cut": result.cut,
            "failures": [
                {"project": project.name, "side": str(project.side), "reason": reason}
                for project, reason in result.failures.items()
            ],
            "loaded": asdict(loaded) if loaded else None,
        }
    )


def _say_some(kind: str, lines: Iterable[str]) -> None:
    several = list(lines)
    for line in several[:_SHOWN]:
        say(f"{kind}{line}")
    if len(several) > _SHOWN:
        say(f"{kind}{len(several) - _SHOWN:,} more; --format json tells all")


def _grouped(warnings: Iterable[str]) -> Iterator[str]:
    """Yield each warning once, with the first project that it is about and how many more."""
    projects: dict[str, list[str]] = {}
    for warning in warnings:
        project, _, words = warning.partition(": ")
        projects.setdefault(words, []).append(project)
    for words, names in projects.items():
        more = f" and {count(len(names) - 1, 'more project')}" if len(names) > 1 else ""
        yield f"{names[0]}{more}: {words}"


def _events(result: "Ingested") -> Iterator[str]:
    for project, written in result.projects.items():
        for event in written.events:
            what = f"{event.kind.replace('_', ' ')} {event.subject}".rstrip()
            steps = [_short(step) for step in (event.before, event.after) if step]
            yield f"{project.name}: {what}" + (f" ({' → '.join(steps)})" if steps else "")


def _short(step: str) -> str:
    """Return a sha as people write it; other words without underscores."""
    if len(step) == 40 and set(step) <= set("0123456789abcdef"):
        return step[:10]
    return step.replace("_", " ") if step.islower() and "/" not in step else step


def _families(result: "Ingested") -> Iterator[str]:
    """Yield one line for each family that was found, with the evidence that it rests on."""
    for name in result.families:
        reasons = [reason for reason in result.reasons if reason.family == name and reason.link]
        if not reasons:
            continue
        methods = Counter(reason.link.best_method for reason in reasons if reason.link)
        by = ", ".join(f"{method} ({number})" for method, number in methods.most_common())
        best = max(reasons, key=lambda reason: reason.link.confidence if reason.link else 0.0)
        yield f"{name}: {count(len(reasons), 'variant')} by {by}; {_strongest(best)}"


def _strongest(reason: "Reason") -> str:
    if reason.link is None:
        return ""
    found = reason.link.found[0]
    return f'{reason.variant}: {found.place} says "{found.said}" ({reason.link.confidence:.2f})'


def _apart(reason: "Reason") -> str:
    link = reason.link
    if link is None:
        return f"{reason.variant}: nothing that is there says where it comes from; --upstream can"
    return (
        f"{reason.variant} links to {link.repository} ({link.best_method}, "
        f"{link.confidence:.2f}), which neither names it nor has its owner"
    )


def _rows(result: "Ingested", snapshot: Path) -> Iterator[dict[str, Any]]:
    from ingest.snapshot import Snapshot

    opened = Snapshot(snapshot)
    names = {pointer.project.key: pointer.project.name for _, pointer in opened.pointers()}
    new = {project.key: written.commits for project, written in result.projects.items()}
    links: dict[str, list[Reason]] = {}
    for reason in result.reasons:
        links.setdefault(reason.family or "", []).append(reason)
    wanted = set(result.families)
    for family in opened.families():
        if family.name in wanted:
            keys = [up.project for up in family.upstreams] + list(family.variants)
            adopted = [one for one in result.adopted if one.family == family.name]
            yield {
                "family": family.name,
                "upstream": [names.get(up.project, up.project) for up in family.upstreams],
                "variants": len(family.variants),
                **_evidence(links.get(family.name, []), adopted),
                "new_commits": sum(new.get(key, 0) for key in keys),
            }


def _evidence(reasons: "list[Reason]", adopted: "list[Adopted]") -> Mapping[str, Any]:
    """Return the methods on which membership rests, and the confidence of the weakest link."""
    found = [(reason.link.best_method, reason.link.confidence) for reason in reasons if reason.link]
    found += [(one.method, one.confidence) for one in adopted]
    if not found:
        return {"evidence": ["stated"], "confidence": None}
    methods = list(dict.fromkeys(method for method, _ in found))
    return {"evidence": methods, "confidence": min(confidence for _, confidence in found)}


def _reason(reason: "Reason") -> dict[str, Any]:
    body: dict[str, Any] = {"variant": reason.variant, "family": reason.family}
    if reason.link is None:
        return {**body, "repository": None, "confidence": None, "role": None, "evidence": []}
    link = reason.link
    return {
        **body,
        "repository": link.repository,
        "confidence": link.confidence,
        "role": link.role,
        "evidence": [asdict(found) for found in link.found],
    }


def _projects(result: "Ingested") -> Iterator[dict[str, Any]]:
    for project, written in result.projects.items():
        yield {
            "project": project.name,
            "side": str(project.side),
            "key": project.key,
            "new_commits": written.commits,
            "changed": written.changed,
            "events": [asdict(event) for event in written.events],
        }
