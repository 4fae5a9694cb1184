"""What went into a model, as a picture: base models, the upstream and its commit, and evidence."""

from dataclasses import dataclass

from markupsafe import Markup

from hubtrace.graph.format import count, date, short_sha, words
from hubtrace.queries.audit.records import Audit, Base
from hubtrace.queries.pages import fragment

MOST_BASES = 12
"""Base models that are drawn; the others are counted."""
_METHODS = 3
_WIDTH, _INDENT, _HEIGHT, _GAP = 640, 28, 46, 30
_BASES = {"commit_reference": "a commit message that names it", "files": "identical files"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that went into the model, and at last the model itself."""

    kind: str
    """`base`, `upstream`, `commit` or `model`."""
    name: str
    detail: str
    into: int | None
    """Position of what it went into; None for the model."""
    evidence: str
    """What says so."""
    confidence: float | None
    indent: int


def steps_of(audit: Audit) -> list[Step]:
    """Return what went into a model, each before what it went into, the model last."""
    bases, upstream, origin = audit.bases[:MOST_BASES], audit.upstream, audit.origin
    beside = 0 if upstream is None else 1 if origin.commit is None else 2
    deepest = max((beside, *(base.depth for base in bases)))
    farthest_first = bases[::-1]
    last = len(bases) + beside
    names = {base.variant: at for at, base in enumerate(farthest_first)}
    steps = [
        Step(
            *("base", base.name or base.variant, _upstream_of(base), names.get(base.of, last)),
            *(_named_by(base), None, deepest - base.depth),
        )
        for base in farthest_first
    ]
    if upstream is not None:
        methods = list(dict.fromkeys(words(seen.method) for seen in upstream.evidence))
        some = ", ".join(methods[:_METHODS]) or "named by a families file alone"
        sure = "" if upstream.confidence is None else f"confidence {upstream.confidence:.2f}: "
        name = upstream.name or upstream.repository
        role = f"upstream repository{', gone' if upstream.gone_at else ''}"
        more = (f"{sure}{some}", upstream.confidence, deepest - beside)
        steps.append(Step("upstream", name, role, len(steps) + 1, *more))
    if upstream is not None and origin.commit is not None:
        commit = origin.commit
        files = [copy.path for copy in origin.copies if copy.proves]
        proof = _BASES.get(origin.basis, words(origin.basis))
        proof += f": {', '.join(files[:_METHODS])}" if files and origin.basis == "files" else ""
        name = f"{short_sha(commit.sha)} of {date(commit.at)}"
        more = (f"this commit or a later one, by {proof}", None, deepest - 1)
        steps.append(Step("commit", name, commit.subject or "", last, *more))
    at = short_sha(audit.revision.commit.sha, day="known by its day") if audit.revision else ""
    more_bases = len(audit.bases) - len(bases)
    rest = f"; {count(more_bases, 'base model')} further up not shown" if more_bases else ""
    name = audit.identity.name or audit.identity.variant
    return [*steps, Step("model", name, f"the model {at}".strip() + rest, None, "", None, deepest)]


def _named_by(base: Base) -> str:
    return f"named by its card{f': {base.relation}' if base.relation else ''}"


def _upstream_of(base: Base) -> str:
    if base.upstream is None:
        return "base model" if base.observed_at else "base model, not observed"
    sure = "" if base.confidence is None else f" (confidence {base.confidence:.2f})"
    return f"base model; its upstream: {base.upstream}{sure}"


def picture(audit: Audit) -> Markup:
    """Return the picture as SVG; nothing if nothing is known to have gone into the model."""
    steps = steps_of(audit)
    if len(steps) == 1:
        return Markup("")
    tops = [at * (_HEIGHT + _GAP) for at in range(len(steps))]
    boxes = [
        {
            "step": step,
            "x": step.indent * _INDENT,
            "y": top,
            "width": _WIDTH - step.indent * _INDENT,
            "down": None if step.into is None else tops[step.into] + _HEIGHT // 2,
            "to": None if step.into is None else steps[step.into].indent * _INDENT,
        }
        for step, top in zip(steps, tops, strict=True)
    ]
    size = {"width": _WIDTH, "height": tops[-1] + _HEIGHT + 2, "box": _HEIGHT, "gap": _GAP}
    return fragment("audit/lineage.html", boxes=boxes, name=steps[-1].name, **size)
