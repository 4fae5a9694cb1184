"""What a revision holds: its tree belongs to it, whatever becomes of branches (decision 0045)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set

from hubtrace.queries.audit.records import Attestation, Revision
from hubtrace.queries.catalogue import Row, rows_as


class Trees:
    """The files of every revision of a variant, as far as `variant_files` tells them."""

    def __init__(self, files: Sequence[Row], commits: Sequence[Row]) -> None:
        self._made_on = {row["sha"]: row["made_on"] for row in commits}
        self._at = {row["sha"]: row["at"] for row in commits}
        self._changes: defaultdict[str, list[Row]] = defaultdict(list)
        self._bringing: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in files:
            if row["sha"] is not None:
                self._changes[row["sha"]].append(row)
                self._bringing[row["path"], row["blob"]].append(row)
        self.paths = {row["path"] for rows in self._changes.values() for row in rows}
        """The paths of which it is known what was there."""

    def of(self, sha: str) -> dict[str, Row]:
        """Return the file at each path of a revision."""
        found: dict[str, Row] = {}
        for commit in self._chain(sha):
            for row in self._changes.get(commit, ()):
                found.setdefault(row["path"], row)
        return {path: row for path, row in found.items() if row["blob"] is not None}

    def brought(self, path: str, blob: str, carried: Set[str]) -> str | None:
        """Return the first of the commits `carried` that put a file at its path."""
        rows = self._bringing.get((path, blob), ())
        shas = [row["sha"] for row in rows if row["sha"] in carried]
        return min(shas, key=lambda sha: (self._at.get(sha, 0), sha), default=None)

    def lost_at(self, path: str, blob: str, head: str) -> int | None:
        """Return when a branch with this head lost a file; None if it has it or never had."""
        lost: int | None = None
        for commit in self._chain(head):
            for row in self._changes.get(commit, ()):
                if row["path"] == path:
                    if row["blob"] == blob:
                        return lost
                    lost = self._at[commit]
        return None

    def _chain(self, sha: str) -> Iterator[str]:
        """Yield a commit and its first parents, newest first."""
        here: str | None = sha
        while here is not None and here in self._made_on:
            yield here
            here = self._made_on[here]


def large_files(tree: Mapping[str, Row]) -> list[Row]:
    """Return the large files of a tree, by path."""
    return [row for _, row in sorted(tree.items()) if row["sha256"] is not None]


def attestations_of(
    rows: Sequence[Row], files: Sequence[Row], revision: Revision | None, until: int
) -> Iterator[Attestation]:
    """Yield what was found of a revision's large files, and of bundles that nobody can read."""
    paths: defaultdict[str, list[str | None]] = defaultdict(list)
    for file in files:
        paths[file["sha256"]].append(file["path"])
    if revision is not None and revision.is_head:
        paths[""] = [None]
    for row in rows:
        for path in paths.get(row["sha256"], ()) if row["observed_at"] <= until else ():
            yield rows_as([{**row, "path": path}], Attestation)[0]
