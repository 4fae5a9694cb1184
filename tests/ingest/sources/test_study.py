"""The study table: read whole or refused with file and line."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtrace.graph.errors import TableError
from hubtrace.ingest.pipeline import ingest_study
from hubtrace.ingest.snapshot import Snapshot, SnapshotWriter
from hubtrace.ingest.sources.study import read_study

LINE: dict[str, Any] = {
    "family": "f",
    "repository": "Owner/Code",
    "variant_commit_days": {"org/a": ["2024-02-01", "2024-01-01", "2024-02-01"], "org/b": []},
    "until": "2024-10-06T23:59:59Z",
    "published": {"lag": "upstream_first", "code": "CSR", "determined": {"lag": True}},
}
SHA = "a" * 40
COMMIT = f"owner/code,{SHA},2023-12-31T23:59:59Z"


def _table(folder: Path, *lines: str, commits: str = COMMIT) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "families.jsonl").write_text("\n".join(lines or [json.dumps(LINE)]) + "\n")
    header = "repository,sha,authored_at\n"
    with gzip.open(folder / "repository_commits.csv.gz", "wt") as file:
        file.write(f"{header}{commits}\n")
    return folder


def test_a_family_and_its_projects_are_read(tmp_path: Path) -> None:
    ((family, (repository, one, other)),) = read_study(_table(tmp_path))
    assert (family.name, family.until) == ("f", 1728259199)
    assert family.published == {"lag": "upstream_first", "code": "CSR"}
    assert repository.project.key == "https://github.com/owner/code"
    assert repository.project.name == "Owner/Code"
    assert [(c.sha, c.authored_at, c.committed_at) for c in repository.commits] == [
        (SHA, 1704067199, 1704067199)
    ]
    assert [(c.sha, c.committed_at) for c in one.commits] == [
        ("day:org/a:2024-01-01", 1704067200),
        ("day:org/a:2024-02-01", 1706745600),
    ]
    assert list(other.commits) == []
    assert not one.observation.ancestry
    assert one.observation.observed_at == family.until


def test_the_shipped_sample_has_43_families(tmp_path: Path) -> None:
    sample = Path(__file__).parents[3] / "hubtrace" / "sample"
    result = ingest_study(sample, lambda: SnapshotWriter(tmp_path / "s"))
    assert (len(result.families), len(result.projects), result.commits) == (43, 86, 17046)
    again = ingest_study(sample, lambda: SnapshotWriter(tmp_path / "s"))
    assert again.commits == 0
    assert not any(written.changed for written in again.projects.values())
    assert Snapshot(tmp_path / "s").verify() == []


def _broken(**changes: Any) -> str:
    return json.dumps({**LINE, **changes})


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "it is a list, not an object"),
        ("7", "it is a whole number, not an object"),
        (
            json.dumps({k: v for k, v in LINE.items() if k != "until"}),
            "`until` is missing",
        ),
        (_broken(family=""), "`family` is empty"),
        (_broken(repository="nobody"), "'nobody' is not a GitHub repository name"),
        (_broken(repository="../etc/passwd"), "not a GitHub repository name"),
        (_broken(repository=7), "`repository` is a whole number, not a text"),
        (_broken(until="yesterday"), "yesterday"),
        (_broken(variant_commit_days={"a b": []}), "'a b' is not a Hugging Face model name"),
        (_broken(variant_commit_days={"o/m": ["1 May"]}), "not written as it must be"),
        (_broken(variant_commit_days={"o/m": ["2024-02-30"]}), "is not a date"),
        (
            _broken(variant_commit_days=[]),
            "`variant_commit_days` is a list, not an object",
        ),
        (_broken(variant_commit_days={"o/m": "x"}), "is a text, not a list"),
        (_broken(published="CSR"), "`published` is a text, not an object or null"),
        (_broken(repository="Owner/Other"), "family f stands here twice"),
        (_broken(family="g").replace('"org/b"', '"org/a"'), '"org/a" stands twice'),
        (_broken(family="g").replace('"org/b"', '"Org/A"'), "Org/A stands twice in family g"),
        (_broken(family="g\ud800"), "half a character"),
        (_broken(family="g\0"), "NUL"),
        ("[" * 100_000, "nested too deeply"),
        ('{"until": ' + "9" * 5_000 + "}", "a number has too many digits"),
        (_broken(family="g", until=1e999), "Infinity is not a valid JSON number"),
        ("\0", "NUL"),
    ],
)
def test_a_broken_family_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    folder = _table(tmp_path / "t", json.dumps(LINE), "", line)
    with pytest.raises(TableError, match=r"families\.jsonl:3: ") as caught:
        ingest_study(folder, lambda: SnapshotWriter(tmp_path / "s"))
    assert complaint in str(caught.value)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("owner/code,xyz,2024-01-01T00:00:00Z", "'xyz' is not a commit id"),
        (f"owner/code,{SHA},soon", "soon"),
        (f"owner/code,{SHA}", "columns"),
        (f"owner/code,{SHA},2024-01-01T00:00:00Z,more", "columns"),
        (f"{COMMIT.rpartition(',')[0]},2024-01-09T00:00:00Z", "stands here twice"),
        (f'"owner/code,{SHA},2024-01-01T00:00:00Z', "quotation mark"),
        (f"{'o' * 200_000},{SHA},2024-01-01T00:00:00Z", "a field is too long"),
        (f"owner/co\0de,{SHA},2024-01-01T00:00:00Z", "NUL"),
        (f"owner/code,{SHA},{'9' * 5_000}", "is not a date"),
    ],
)
def test_a_broken_commit_line_is_named(tmp_path: Path, row: str, complaint: str) -> None:
    folder = _table(tmp_path / "t", commits=f"{COMMIT}\n{row}")
    with pytest.raises(TableError, match=r"repository_commits\.csv\.gz:3: ") as caught:
        list(read_study(folder))
    assert complaint in str(caught.value)


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"families\.jsonl is missing"):
        list(read_study(tmp_path))
    folder = _table(tmp_path / "t")
    (folder / "repository_commits.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(TableError, match=r"repository_commits\.csv\.gz cannot be read"):
        list(read_study(folder))
    (folder / "families.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(TableError, match=r"families\.jsonl:1: not UTF-8 at byte 1"):
        list(read_study(folder))


def test_another_header_is_refused(tmp_path: Path) -> None:
    folder = _table(tmp_path / "t")
    with gzip.open(folder / "repository_commits.csv.gz", "wt") as file:
        file.write("sha,when\n")
    with pytest.raises(TableError, match=r"csv\.gz:1: the header is not"):
        list(read_study(folder))


def test_a_line_twice_is_read_once(tmp_path: Path) -> None:
    line = json.dumps(LINE)
    once = list(read_study(_table(tmp_path / "a", line, commits=COMMIT)))
    twice = list(read_study(_table(tmp_path / "b", line, line, commits=f"{COMMIT}\n{COMMIT}")))
    assert [family for family, _ in once] == [family for family, _ in twice]
    commits = [
        [list(project.commits) for _, projects in table for project in projects]
        for table in (once, twice)
    ]
    assert commits[0] == commits[1]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: b"not gzip", "it is not compressed by gzip"),
        (lambda _: b"\x1f\x8b\x08", "it ends too early, after line 0"),
        (lambda raw: raw[:-12], "it ends too early, after line [0-9]"),
        (lambda raw: raw + b"junk", "something that is not compressed follows after its end"),
        (
            lambda raw: raw[:-8] + b"\0\1\2\3" + raw[-4:],
            "it is damaged: its checksum or",
        ),
        (lambda raw: raw[:-4] + b"\0\1\2\3", "it is damaged: its checksum"),
        (lambda raw: raw[:2] + b"\x09" + raw[3:], "it is compressed in an unknown way"),
    ],
)
def test_broken_compression_is_named(
    tmp_path: Path, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    folder = _table(tmp_path / "t")
    file = folder / "repository_commits.csv.gz"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(TableError, match=rf"csv\.gz cannot be read: {reason}"):
        list(read_study(folder))
