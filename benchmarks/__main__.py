"""`python -m benchmarks [git] [load] [types] [labels] [audit] [report] …`: how fast we are.

Words go to stderr, figures to stdout. Without a choice all are measured, in about 45 minutes; the
last three need Java 17 and Maven. `python -m benchmarks real PATH…` measures clones of yours,
`short` all that has a goal, in five minutes, and `links` how right links are: see their `--help`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    audits,
    classifying,
    gitsource,
    labels,
    links,
    loading,
    neo4j_load,
    origins,
    pages,
    questions,
    real,
    short,
    sizes,
    stores,
)
from benchmarks.families import STUDY, world
from benchmarks.measuring import say
from benchmarks.reporting import Report, print_reports
from benchmarks.worlds import Workshop, workshop


def main() -> int:
    """Run the chosen benchmarks and print what they found; return the exit code."""
    own = {"links": links.main, "real": real.main, "short": short.main}
    if sys.argv[1:2] and sys.argv[1] in own:
        return own[sys.argv[1]](sys.argv[2:])
    options = _parser().parse_args()
    with workshop(options.keep) as made:
        return print_reports(
            options.format, (_chosen(made, c, options) for c in options.choices or _CHOICES)
        )


def _chosen(made: Workshop, choice: str, options: argparse.Namespace) -> Iterator[Report]:
    say(f"{choice} …")
    yield from _CHOICES[choice](made, options)


def _git(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return gitsource.run(
        workshop,
        options.git_commits,
        options.repository,
        sample=options.sample,
        repeat=options.repeat,
        python=options.peers,
    )


def _load(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return loading.run(workshop, [world(n) for n in options.load_commits], options.repeat)


def _types(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return classifying.run(workshop, world(options.types_commits, paths=True), options.repeat)


def _labels(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    sizes = [STUDY, *(world(commits) for commits in options.labels_commits)]
    return labels.run(workshop, sizes, options.repeat)


def _stores(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return stores.run(workshop, world(options.stores_commits), options.repeat)


def _neo4j(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    size, sample = world(options.neo4j_commits), world(options.neo4j_commits // 10)
    return neo4j_load.run(workshop, size, sample, options.peers)


def _queries(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return questions.run(workshop, world(options.neo4j_commits))


def _sizes(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return sizes.run(workshop, world(options.neo4j_commits), options.git_commits)


def _audit(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return audits.run(workshop, world(options.audit_commits), options.repeat)


def _report(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return pages.run(workshop, world(options.report_commits), options.repeat)


def _origins(workshop: Workshop, options: argparse.Namespace) -> Iterator[Report]:
    return origins.run(
        workshop, origins.world_of_files(options.origins_repositories), options.repeat
    )


_CHOICES: dict[str, Callable[[Workshop, argparse.Namespace], Iterator[Report]]] = {
    "git": _git,
    "load": _load,
    "types": _types,
    "labels": _labels,
    "audit": _audit,
    "report": _report,
    "stores": _stores,
    "neo4j": _neo4j,
    "queries": _queries,
    "sizes": _sizes,
    "origins": _origins,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("choices", nargs="*", metavar="|".join(_CHOICES), help="default: all", type=_choice)
    add("--format", choices=("markdown", "json"), default="markdown")
    add("--repeat", type=int, default=3, help="runs of which the best counts (default: 3)")
    add("--keep", type=Path, metavar="DIR", help="make worlds here, and use them again")
    add("--peers", default=sys.executable, metavar="PYTHON", help="has PyDriller, Perceval, py2neo")
    add(
        "--repository", type=Path, action="append", default=[], help="read this one, not a made one"
    )
    add("--sample", type=int, default=500, help="commits that PyDriller reads (default: 500)")
    add("--git-commits", type=int, default=20_000)
    add("--load-commits", type=int, nargs="*", default=[200_000, 2_000_000])
    add(
        "--labels-commits", type=int, nargs="*", default=[2_000_000], help="beside the study's size"
    )
    add("--types-commits", type=int, default=1_000_000)
    add("--audit-commits", type=int, default=1_000_000)
    add("--report-commits", type=int, default=500_000, help="a family has 500")
    add("--stores-commits", type=int, default=1_000_000)
    add("--neo4j-commits", type=int, default=200_000, help="for neo4j, queries and sizes")
    add("--origins-repositories", type=int, default=1_000)
    return parser


def _choice(text: str) -> str:
    if text not in _CHOICES:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(_CHOICES)}")
    return text


if __name__ == "__main__":
    sys.exit(main())
