"""The git source agrees with git itself on repositories that hypothesis makes up."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubtrace.graph.text import to_bytes
from hubtrace.ingest.records import Commit
from tests.effort import examples
from tests.ingest.sources.git.helpers import parents_by_git, read, refs_by_git, replay, tree_by_git
from tests.ingest.worlds import File, World

SUBMODULE = File(b"1" * 40, "160000")
NAMES = st.sampled_from(
    [
        b"README.md",
        b"{a => b}",
        b":100644 100644",
        b'quo"te',
        b"back\\slash",
        b"new\nline",
        b"\n:leading",
        b"tab\there",
        b" leading",
        b"\x01\x02",
        b"caf\xc3\xa9",
        b"caf\xe9",
        b"\xff\xfe",
        "\U0010fe80".encode(),
        b"dir",
        b"dir/one",
        b"dir/deep/two",
        b"dir/\xe9/three",
    ]
)
CONTENTS = st.one_of(
    st.binary(max_size=2),
    st.sampled_from([File(b"x", "100755"), File(b"README.md", "120000"), SUBMODULE]),
)
RAW = st.binary(max_size=20).map(lambda raw: raw.replace(b"\0", b""))
MESSAGES = st.one_of(
    RAW,
    st.sampled_from(
        [
            b"",
            b"\n\n  leading\nbody",
            b":100644 100644 " + b"0" * 40 + b" " + b"1" * 40 + b" M",
            b"\n:000000 100644",
            b"f" * 40,
            "Grüße 🚀\n\nbody".encode(),
            b"latin \xe9",
            b"one\ntwo\nthree",
        ]
    ),
)
Plan = list[tuple[str, dict[bytes, bytes | File | None], bytes, list[int] | None]]
REFS = [f"refs/heads/{name}" for name in ("main", "feature/a", "caf\u00e9")]


@st.composite
def steps(draw: st.DrawFn, most: int = 8) -> Plan:
    """Draw what to commit, in order: where, what, with which words, on which earlier commits."""
    return draw(
        st.lists(
            st.tuples(
                st.sampled_from(REFS),
                st.dictionaries(NAMES, st.one_of(CONTENTS, st.none()), max_size=4),
                MESSAGES,
                st.one_of(st.none(), st.lists(st.integers(0, 50), max_size=4, unique=True)),
            ),
            max_size=most,
        )
    )


def build(world: World, plan: Plan) -> None:
    """Commit what `plan` says; parents are taken modulo the commits that there are."""
    for ref, changes, message, picks in plan:
        parents = None
        if picks is not None:
            known = world.commits
            parents = list(dict.fromkeys(known[pick % len(known)] for pick in picks if known))
        world.commit(changes, ref=ref, parents=parents, message=message)


def assert_agrees(world: World, commits: dict[str, Commit], refs: dict[str, str]) -> None:
    assert refs == refs_by_git(world.path)
    assert {sha: c.parents for sha, c in commits.items()} == parents_by_git(
        world.path, *set(refs.values())
    )
    for head in set(refs.values()):
        assert replay(commits, head) == tree_by_git(world.path, head)


QUICK = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


@QUICK
@given(plan=steps(), tagged=st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=3))
def test_commits_refs_and_trees_are_what_git_says(
    plan: Plan, tagged: list[tuple[int, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory, "world.git"))
        build(world, plan)
        for number, (pick, annotated) in enumerate(tagged if world.commits else []):
            target = world.commits[pick % len(world.commits)]
            world.tag(f"v{number}", target, annotated=annotated)
        reading, commits = read(Path(directory, "cache"), world.path)
        refs = {ref.name: ref.target for ref in reading.observation.refs}
        assert_agrees(world, commits, refs)
        for sha, (_, _, message, _) in zip(world.commits, plan, strict=True):
            if sha in commits:
                lines = (line.rstrip(b" \t\r") for line in message.split(b"\n"))
                assert to_bytes(commits[sha].subject) == next(filter(None, lines), b"")
        assert reading.warnings == (
            []
            if reading.observation.default_branch or not refs
            else ["no default branch: HEAD names no branch, and another is not taken for it"]
        )


@QUICK
@given(before=steps(5), after=steps(5), lost_cache=st.booleans())
def test_a_second_reading_adds_exactly_what_is_new(
    before: Plan, after: Plan, lost_cache: bool
) -> None:
    """Commits on arbitrary parents move branches forward, sideways and back: force-pushes."""
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory, "world.git"))
        build(world, before)
        reading, old = read(Path(directory, "cache"), world.path)
        heads = {ref.target for ref in reading.observation.refs}
        build(world, after)
        cache = Path(directory, "other" if lost_cache else "cache")
        reading, new = read(cache, world.path, heads)
        refs = {ref.name: ref.target for ref in reading.observation.refs}
        wanted = parents_by_git(world.path, *set(refs.values()))
        assert_agrees(world, {sha: c for sha, c in (old | new).items() if sha in wanted}, refs)
        if not lost_cache:
            assert new.keys() == wanted.keys() - old.keys()
